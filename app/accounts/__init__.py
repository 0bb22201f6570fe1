"""People, organisations, memberships, signing in."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages of the accounts and read the session of every request."""
    from app import navigation  # noqa: PLC0415 - models must not need Flask
    from app.accounts import (  # noqa: PLC0415 - models must not need Flask
        commands,
        oidc_views,  # noqa: F401 - adds its pages
        organisation_requests,
        organisation_views,  # noqa: F401 - adds its pages
        people,
        people_link_views,
        people_views,  # noqa: F401 - adds its pages
        proofs,
        sessions,
        signing_in,
        views,
        views_factors,  # noqa: F401 - adds its pages
        views_substitutes,  # noqa: F401 - adds its pages
    )

    sessions.init_app(app)
    signing_in.init_app(app)
    proofs.init_app(app)
    app.extensions["csrf"].exempt(views.language)
    app.extensions["csrf"].exempt(people_link_views.invitation)  # its form looks at the token
    app.register_blueprint(views.accounts)
    navigation.count(app, "accounts.open_requests", people.to_decide)
    navigation.count(app, "accounts.organisations_list", organisation_requests.to_decide)
    app.cli.add_command(commands.group)
