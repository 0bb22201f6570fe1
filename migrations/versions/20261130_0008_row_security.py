"""Rows of a case are read by whoever sees the case, said once more in the database.

Revision: 0008, after 0007. PostgreSQL only. Imports no models, so that it stays true.

The owner of the tables is exempt, and so are superusers. For the application's role a row is there
only if the settings of its transaction say who looks (`app.cases.sight`): ``tanjian.roles``, with
``system`` for the engine's own work, ``tanjian.person``, ``.organisation``, ``.division``, and of a
substitute ``.lifecycles`` and ``.extent``. ``tanjian.families`` are the oldest cases of the families
whose pages are open. Without settings nothing is there.
"""

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def setting(name: str) -> str:
    """A setting, or NULL. As a subquery, so that a statement asks once and not for every row."""
    return f"(SELECT nullif(current_setting('tanjian.{name}', true), ''))"


def has_role(*roles: str) -> str:
    among = ", ".join(f"'{role}'" for role in roles)
    held = "string_to_array(current_setting('tanjian.roles', true), ',')"
    return f"(SELECT {held} && ARRAY[{among}])"


def lies_in(stem: str) -> str:
    return f"division BETWEEN {setting(stem)} AND (SELECT rpad({setting(stem)}, 12, '9'))"


def each(name: str, kind: str) -> str:
    return f"ANY ((SELECT string_to_array({setting(name)}, ','))::{kind}[])"


SYSTEM = f"{setting('roles')} = 'system'"
OVERSEES = has_role("inspector", "supervisor", "bureau_leader", "legal_reviewer", "auditor")
ABOVE = has_role("bureau_leader", "auditor")
LED = f"authority_id = {setting('organisation')}::uuid"

# Apart from the policies, and as the owner: the seats of a case have a policy that asks for the case.
# Its search path ends with the temporary schema, where anybody may put a table of the same name.
SEATED = """
    CREATE FUNCTION tanjian_seated(on_case uuid, by_name boolean) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    BEGIN
        RETURN EXISTS (
            SELECT 1 FROM case_participants AS seat
            WHERE seat.case_id = on_case AND seat.until_seq IS NULL
              AND seat.organisation_id = nullif(current_setting('tanjian.organisation', true), '')::uuid
              AND (seat.person_id = nullif(current_setting('tanjian.person', true), '')::uuid
                   OR seat.person_id IS NULL AND NOT by_name)
        );
    END $$"""

CASE = f"""
    {SYSTEM}
    OR root_id = {each("families", "uuid")}
    OR {setting("roles")} <> 'administrator'
       AND ({setting("lifecycles")} IS NULL OR lifecycle = {each("lifecycles", "text")})
       AND ({setting("extent")} IS NULL OR {lies_in("extent")})
       AND CASE
           WHEN {OVERSEES} AND restricted
           THEN {LED} AND ({ABOVE} OR assignee_id = {setting("person")}::uuid)
                OR tanjian_seated(id, true)
           WHEN {OVERSEES}
           THEN {LED} OR {lies_in("division")} OR tanjian_seated(id, false)
           ELSE tanjian_seated(id, false)
           END"""


def sees(column: str) -> str:
    """Whether the case is there. A scalar subquery: looked up by its key, never all of them hashed."""
    return f"(SELECT true FROM cases WHERE cases.id = {column})"


POLICIES = {
    "cases": CASE,
    **{
        table: f"{SYSTEM} OR {sees(f'{table}.case_id')}"
        for table in (
            "case_participants",
            "case_deadlines",
            "case_exclusions",
            "case_items",
            "case_item_records",
            "case_signatures",
            "case_documents",
            "case_evidence",
            "case_comments",
            "case_drafts",
            "case_due_acts",
            "case_files",
            "case_clock_rungs",
            "case_escalations",
        )
    },
    "case_escalation_steps": f"""{SYSTEM} OR (SELECT true FROM case_escalations
        WHERE case_escalations.id = case_escalation_steps.escalation_id)""",
    "case_links": f"{SYSTEM} OR {sees('case_links.case_id')} OR {sees('case_links.other_id')}",
    # A version of a report belongs to the family of the case that submitted it.
    "report_versions": f"""{SYSTEM} OR (SELECT true FROM cases
        WHERE cases.root_id = report_versions.root_id LIMIT 1)""",
    # Other chains than those of cases have readers of their own.
    "audit_entries": f"{SYSTEM} OR chain <> 'case' OR {sees('audit_entries.chain_id')}",
    "private_values": f"""{SYSTEM} OR {sees("private_values.chain_id")} OR (SELECT true
        FROM chain_heads WHERE chain_heads.chain_id = private_values.chain_id)""",
    # Of no case at all: somebody's place was handed over.
    "outbox_messages": f"""{SYSTEM} OR case_id = '00000000-0000-0000-0000-000000000000'
        OR {sees("outbox_messages.case_id")}""",
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    schema = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
    op.execute(SEATED.format(schema=schema))
    for table, seen in POLICIES.items():
        op.execute(f"CREATE POLICY seen ON {table} USING ({seen})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in POLICIES:
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY seen ON {table}")
    op.execute("DROP FUNCTION tanjian_seated(uuid, boolean)")
