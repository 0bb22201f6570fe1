"""Units 重点排放单位, agencies 技术服务机构, persons, their ties, bans 禁业 and rosters 名录."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages of the registers."""
    from app.accounts import districts  # noqa: PLC0415
    from app.registers import (  # noqa: PLC0415 - models need no Flask
        divisions,
        import_views,  # noqa: F401 - adds its pages
        people_import_views,  # noqa: F401 - adds its pages
        people_views,  # noqa: F401 - adds its pages
        views,
    )

    districts.lend(app, {place.code: place.name for place in divisions.known().values()})
    app.register_blueprint(views.registers)
