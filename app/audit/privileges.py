"""Two database roles on PostgreSQL: the owner migrates, the application may not rewrite the log.

The application's role owns nothing. On what the triggers keep (`app.audit.triggers`) it may read
and add, and change only the columns a trigger lets through; so the database refuses a change even
where somebody has dropped the triggers, and to drop them one needs the owner's password.

Of the tables that tell of a case it reads the rows its transaction says it may (migration 0008).
The owner is exempt from that: an application that runs as the owner has no row security.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, inspect, text

from app.audit.triggers import APPEND_ONLY, BLANKED, SEALED, SEALED_FIXED, VALUES

READ_ONLY: Final = "alembic_version"
"""What migrations alone write."""
ORDINARY: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
KEPT: Final = ("SELECT", "INSERT")
"""On what is kept; and, until `grant` runs again, on a table that a later migration makes."""

ROWS: Final = (
    "audit_entries", "case_clock_rungs", "case_comments", "case_deadlines", "case_documents",
    "case_drafts", "case_due_acts", "case_escalation_steps", "case_escalations", "case_evidence",
    "case_exclusions", "case_files", "case_item_records", "case_items", "case_links",
    "case_participants", "case_signatures", "cases", "outbox_messages", "private_values",
    "report_versions",
)  # fmt: skip
"""Tables whose rows tell something of a case: each has a policy that says who reads them."""

_FUTURE: Final = text("""
    SELECT pg_get_userbyid(entry.grantee) AS role
    FROM pg_default_acl AS given
    CROSS JOIN LATERAL aclexplode(given.defaclacl) AS entry
    WHERE given.defaclobjtype = 'r' AND given.defaclrole = current_user::regrole
      AND given.defaclnamespace = current_schema()::regnamespace
      AND entry.grantee NOT IN (given.defaclrole, 0)
    GROUP BY entry.grantee
    HAVING string_agg(entry.privilege_type, ' ' ORDER BY entry.privilege_type) = 'INSERT SELECT'
    ORDER BY role
""")
"""Roles that may read and add to future tables of ours, no more: those `grant` has set up."""

_OWNED: Final = text("""
    SELECT count(*) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
      AND pg_has_role(:role, relowner, 'MEMBER')
""")

_GUARDED: Final = text("""
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relrowsecurity
      AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid AND polpermissive)
""")


class CannotDivide(Exception):
    """The two roles cannot be set up; says why, in words for the operator."""


def owns_tables(connection: Connection, role: str | None = None) -> bool:
    """Whether a role, by default the one at work, owns tables here, or could become their owner."""
    who = role or connection.execute(text("SELECT current_user")).scalar_one()
    return bool(connection.execute(_OWNED, {"role": who}).scalar_one())


def make(connection: Connection, role: str, password: str | None = None) -> None:
    """Make the application's role or update it, and grant it what it needs; as the owner.

    The password is hashed here (SCRAM), so that no log of the server has it. Runs again without
    change. Raises CannotDivide for a role that could take the log into its own hands.
    """
    driver = _driver(connection)
    found = connection.execute(
        text(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = :role"
        ),
        {"role": role},
    ).scalar()
    if found:
        msg = f"{role} is a superuser or may make roles: take another name"
        raise CannotDivide(msg)
    name = sql.Identifier(role)
    if found is None:
        _run(driver, sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(name))
    elif owns_tables(connection, role):
        msg = f"{role} owns tables, or is a member of the role that does: take another name"
        raise CannotDivide(msg)
    if password is not None:
        hashed = driver.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        ).decode()
        _run(driver, sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(hashed)))
    grant(connection, role)
    if left := excess(connection, role):
        msg = f"by another role it is a member of, {'; '.join(left)}: take another name"
        raise CannotDivide(msg)


def grant(connection: Connection, role: str) -> None:
    """Give a role exactly what the application needs in this schema, and take whatever else it has.

    Raises CannotDivide where it could make tables besides, by a right of everybody.
    """
    driver = _driver(connection)
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    for statement in _statements(connection, schema, role):
        _run(driver, statement)
    able = text("SELECT has_schema_privilege(:role, :schema, 'CREATE')")
    if connection.execute(able, {"role": role, "schema": schema}).scalar_one():
        msg = f"everybody may make tables in {schema}: REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"
        raise CannotDivide(msg)


def renew(connection: Connection) -> list[str]:
    """Grant anew, after a migration, what the roles set up here need; return their names."""
    if connection.dialect.name != "postgresql":
        return []
    roles = [str(role) for role in connection.execute(_FUTURE).scalars()]
    for role in roles:
        grant(connection, role)
    return roles


def excess(connection: Connection, role: str | None = None) -> list[str]:
    """Say which rights a role, by default the one at work, has on what is kept and should not.

    Of the owner, who has them all, nothing is said.
    """
    if connection.dialect.name != "postgresql" or owns_tables(connection, role):
        return []
    who = role or connection.execute(text("SELECT current_user")).scalar_one()
    found = []
    there = set(inspect(connection).get_table_names())  # a missing table is found by the schema
    for table in (one for one in (*APPEND_ONLY, SEALED, VALUES) if one in there):
        for right in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
            asked = {"role": who, "table": table, "right": right}
            able = text("SELECT has_table_privilege(:role, :table, :right)")
            if connection.execute(able, asked).scalar_one():
                found.append(f"the application may {right} {table}")
    return found


def unguarded(connection: Connection) -> list[str]:
    """Name the tables of cases whose rows PostgreSQL does not keep from anybody."""
    if connection.dialect.name != "postgresql":
        return []
    guarded = set(connection.execute(_GUARDED).scalars())
    there = set(inspect(connection).get_table_names())  # a missing table is found by the schema
    return [f"row security is off: {one}" for one in ROWS if one in there - guarded]


def rights(connection: Connection, table: str) -> tuple[str, ...]:
    """Return the rights of the application on a table, as a GRANT names them."""
    if table == READ_ONLY:
        return ("SELECT",)
    if table in APPEND_ONLY:
        return KEPT
    columns = {column["name"] for column in inspect(connection).get_columns(table)}
    if table == SEALED:
        return (*KEPT, f"UPDATE ({', '.join(sorted(columns - SEALED_FIXED))})")
    if table == VALUES:
        return (*KEPT, f"UPDATE ({', '.join(sorted(columns & BLANKED))})")
    return ORDINARY


def _statements(connection: Connection, schema: str, role: str) -> Iterator[sql.Composed]:
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}

    def said(words: str) -> sql.Composed:
        return sql.SQL(words).format(**names)

    yield said("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC")
    yield said("REVOKE ALL ON SCHEMA {schema} FROM {role}")
    yield said("GRANT USAGE ON SCHEMA {schema} TO {role}")
    yield said("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
    for table in inspect(connection).get_table_names():
        given = ", ".join(rights(connection, table))
        yield sql.SQL("GRANT {} ON {} TO {}").format(
            sql.SQL(given),
            sql.Identifier(schema, table),
            names["role"],
        )
    future = "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} "
    yield said(future + "REVOKE ALL ON TABLES FROM {role}")
    yield said(future + "GRANT SELECT, INSERT ON TABLES TO {role}")


def _driver(connection: Connection) -> psycopg.Connection:
    if connection.dialect.name != "postgresql":
        msg = "only PostgreSQL has roles; whoever can open an SQLite file can write all of it"
        raise CannotDivide(msg)
    return cast("psycopg.Connection", connection.connection.driver_connection)


def _run(driver: psycopg.Connection, statement: sql.Composed) -> None:
    try:
        driver.execute(statement)
    except psycopg.errors.InsufficientPrivilege as refused:
        msg = f"{refused}: run this as the owner of the tables, who may make roles"
        raise CannotDivide(msg) from refused
