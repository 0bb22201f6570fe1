"""Audit entries, released law and submitted versions of a report are never changed or deleted.

Revision: 0002, after 0001. Imports no models, so that it stays true. A private value may be
destroyed (blanked or deleted) and nothing else. A later batch rebuild of one of these tables on
SQLite drops its triggers: write them again in the same migration.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = {
    "audit_entries": (
        "chain_id = NEW.chain_id AND (seq = NEW.seq "
        "OR (actor_id = NEW.actor_id AND idempotency_key = NEW.idempotency_key))"
    ),
    "law_releases": "id = NEW.id OR number = NEW.number",
    "report_versions": (
        "id = NEW.id OR (root_id = NEW.root_id AND report = NEW.report AND number = NEW.number)"
    ),
}
"""Table, and on SQLite which rows an INSERT OR REPLACE would replace without firing DELETE."""

ONLY_BLANKED = (
    "NEW.salt = '' AND NEW.value = '' AND NEW.id = OLD.id AND NEW.chain_id = OLD.chain_id "
    "AND NEW.seq = OLD.seq AND NEW.name = OLD.name"
)
REFUSAL = "{} is append-only: its rows are never changed or deleted"
VALUE_REFUSAL = "a private value can only be destroyed: blank salt and value, or delete the row"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in sqlite():
            op.execute(statement)
    else:
        for statement in postgresql():
            op.execute(statement)


def sqlite():
    for table, replaced in KEPT.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL.format(table)}'); END"
        yield f"CREATE TRIGGER {table}_keep_updated BEFORE UPDATE ON {table} {refuse}"
        yield f"CREATE TRIGGER {table}_keep_deleted BEFORE DELETE ON {table} {refuse}"
        yield (
            f"CREATE TRIGGER {table}_keep_replaced BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {replaced}) {refuse}"
        )
    yield (
        "CREATE TRIGGER private_values_keep_updated BEFORE UPDATE ON private_values "
        f"WHEN NOT ({ONLY_BLANKED}) BEGIN SELECT RAISE(ABORT, '{VALUE_REFUSAL}'); END"
    )


def postgresql():
    yield f"""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{REFUSAL.format("%")}', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$"""
    yield f"""
        CREATE FUNCTION refuse_value_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {ONLY_BLANKED} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '{VALUE_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$"""
    for table in KEPT:
        for event, name, each in (
            ("UPDATE", "updated", "ROW"),
            ("DELETE", "deleted", "ROW"),
            ("TRUNCATE", "truncated", "STATEMENT"),
        ):
            yield (
                f"CREATE TRIGGER {table}_keep_{name} BEFORE {event} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    yield (
        "CREATE TRIGGER private_values_keep_updated BEFORE UPDATE ON private_values "
        "FOR EACH ROW EXECUTE FUNCTION refuse_value_change()"
    )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in (*KEPT, "private_values"):
        events = ("updated",) if table == "private_values" else ("updated", "deleted")
        if table in KEPT:
            events += ("replaced",) if sqlite else ("truncated",)
        for event in events:
            op.execute(f"DROP TRIGGER {table}_keep_{event}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION refuse_change()")
        op.execute("DROP FUNCTION refuse_value_change()")
