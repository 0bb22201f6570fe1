"""Ladders, escalations, substitutes, letters and deliveries, the lease of the scheduler.

Revision: 0005, after 0004. Imports no models, so that it stays true.
"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite")


def upgrade() -> None:
    op.create_table('deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False, comment='Letter (mail) or message (webhook)'),
    sa.Column('channel', sa.String(length=8), nullable=False, comment='mail, webhook'),
    sa.Column('address', sa.String(length=300), nullable=False, comment='Mailbox, or id of the endpoint'),
    sa.Column('status', sa.String(length=8), nullable=False, comment='waiting, sent, dead'),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_try_at', INSTANT, nullable=False, comment='Also how long a try that began may take'),
    sa.Column('last_error', sa.String(length=500), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('sent_at', INSTANT, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('source_id', 'channel', 'address', name='uq_deliveries_source')
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_deliveries_status', ['status', 'created_at'], unique=False)
        batch_op.create_index('ix_deliveries_waiting', ['next_try_at', 'id'], unique=False, postgresql_where=sa.text("status = 'waiting'"), sqlite_where=sa.text("status = 'waiting'"))

    op.create_table('leases',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=80), nullable=False, comment='Host, process and a random part'),
    sa.Column('fence', sa.BigInteger(), nullable=False, comment='Rises with every new holder'),
    sa.Column('until_ms', sa.BigInteger(), nullable=False, comment='Milliseconds since 1970 by the clock of the database'),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leases'))
    )
    op.create_table('message_templates',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False, comment='From 1; 0 is what the program ships'),
    sa.Column('subject_zh', sa.String(length=300), nullable=False),
    sa.Column('body_zh', sa.Text(), nullable=False),
    sa.Column('subject_en', sa.String(length=300), nullable=False),
    sa.Column('body_en', sa.Text(), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=False),
    sa.Column('made_by_name', sa.String(length=100), nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_templates')),
    sa.UniqueConstraint('key', 'version', name='uq_message_templates_version')
    )
    op.create_table('webhook_endpoints',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('secret', sa.String(length=100), nullable=False, comment='Key of the HMAC'),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoints'))
    )
    op.create_table('delegations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('principal_id', sa.Uuid(), nullable=False),
    sa.Column('substitute_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('roles', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('lifecycles', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False, comment='Last day, inclusive'),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=False),
    sa.Column('made_by_name', sa.String(length=100), nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True, comment='Ended before its last day'),
    sa.Column('ended_by', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_delegations_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['principal_id'], ['persons.id'], name=op.f('fk_delegations_principal_id_persons')),
    sa.ForeignKeyConstraint(['substitute_id'], ['persons.id'], name=op.f('fk_delegations_substitute_id_persons')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delegations'))
    )
    with op.batch_alter_table('delegations', schema=None) as batch_op:
        batch_op.create_index('ix_delegations_organisation', ['organisation_id', 'until'], unique=False)
        batch_op.create_index('ix_delegations_principal', ['principal_id', 'until'], unique=False)
        batch_op.create_index('ix_delegations_substitute', ['substitute_id', 'until'], unique=False)

    op.create_table('letters',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('bundle', sa.String(length=80), nullable=False, comment='The day whose reminders it gathers, or the message it tells'),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('lines', sa.JSON(none_as_null=True), nullable=False, comment='One a message: text, case_id, message'),
    sa.Column('template', sa.String(length=80), nullable=False),
    sa.Column('template_version', sa.Integer(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('read_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['persons.id'], name=op.f('fk_letters_person_id_persons')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letters')),
    sa.UniqueConstraint('person_id', 'bundle', name='uq_letters_bundle')
    )
    with op.batch_alter_table('letters', schema=None) as batch_op:
        batch_op.create_index('ix_letters_person', ['person_id', 'created_at', 'id'], unique=False)
        batch_op.create_index('ix_letters_unread', ['person_id'], unique=False, postgresql_where=sa.text('read_at IS NULL'), sqlite_where=sa.text('read_at IS NULL'))

    op.create_table('case_clock_rungs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('clock_id', sa.Uuid(), nullable=False),
    sa.Column('rung', sa.String(length=24), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False, comment='End of the clock it was told for'),
    sa.Column('due_at', INSTANT, nullable=False),
    sa.Column('fell_at', INSTANT, nullable=False, comment='When it was to be told'),
    sa.Column('told_at', INSTANT, nullable=False),
    sa.Column('hearers', sa.JSON(none_as_null=True), nullable=False, comment='Words of the ladder'),
    sa.Column('listed', sa.Boolean(), nullable=False, comment='On the dispatch list 调度清单'),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_clock_rungs_case_id_cases')),
    sa.ForeignKeyConstraint(['clock_id'], ['case_deadlines.id'], name=op.f('fk_case_clock_rungs_clock_id_case_deadlines')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_clock_rungs')),
    sa.UniqueConstraint('clock_id', 'rung', 'due_at', name='uq_case_clock_rungs_rung')
    )
    with op.batch_alter_table('case_clock_rungs', schema=None) as batch_op:
        batch_op.create_index('ix_case_clock_rungs_case', ['case_id', 'told_at'], unique=False)
        batch_op.create_index('ix_case_clock_rungs_listed', ['told_at'], unique=False, postgresql_where=sa.text('listed'), sqlite_where=sa.text('listed'))

    op.create_table('case_escalations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('clock_id', sa.Uuid(), nullable=True),
    sa.Column('key', sa.String(length=120), nullable=False, comment='What raised it: clock, rung and end, or the request; once a case'),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False, comment='Whose decision it is now, with role'),
    sa.Column('role', sa.String(length=24), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False, comment='How often it went upward'),
    sa.Column('proposal', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(length=4000), nullable=False),
    sa.Column('raised_by', sa.Uuid(), nullable=False),
    sa.Column('raised_by_name', sa.String(length=100), nullable=False),
    sa.Column('raised_behalf', sa.Uuid(), nullable=True, comment='In whose place'),
    sa.Column('raised_at', INSTANT, nullable=False),
    sa.Column('since', INSTANT, nullable=False, comment='When it came to whom it is put now'),
    sa.Column('climbs_at', INSTANT, nullable=True, comment='When it goes upward undecided'),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_by_name', sa.String(length=100), nullable=True),
    sa.Column('decided_behalf', sa.Uuid(), nullable=True),
    sa.Column('decided_role', sa.String(length=24), nullable=True),
    sa.Column('decided_at', INSTANT, nullable=True),
    sa.Column('decision', sa.JSON(), nullable=True),
    sa.Column('instruction', sa.String(length=4000), nullable=False),
    sa.Column('closed_because', sa.String(length=24), nullable=False, comment='Why it closed by itself'),
    sa.Column('fired_seq', sa.Integer(), nullable=True, comment='Entry of the case it brought about'),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_escalations_case_id_cases')),
    sa.ForeignKeyConstraint(['clock_id'], ['case_deadlines.id'], name=op.f('fk_case_escalations_clock_id_case_deadlines')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_escalations')),
    sa.UniqueConstraint('case_id', 'key', name='uq_case_escalations_key')
    )
    with op.batch_alter_table('case_escalations', schema=None) as batch_op:
        batch_op.create_index('ix_case_escalations_case', ['case_id', 'status'], unique=False)
        batch_op.create_index('ix_case_escalations_climb', ['climbs_at'], unique=False, postgresql_where=sa.text("status = 'open' AND climbs_at IS NOT NULL"), sqlite_where=sa.text("status = 'open' AND climbs_at IS NOT NULL"))
        batch_op.create_index('ix_case_escalations_clock', ['clock_id'], unique=False)
        batch_op.create_index('ix_case_escalations_asked', ['raised_by', 'raised_at'], unique=False)
        batch_op.create_index('ix_case_escalations_body', ['organisation_id', 'raised_at'], unique=False)
        batch_op.create_index('ix_case_escalations_desk', ['organisation_id', 'role', 'status', 'raised_at'], unique=False)

    op.create_table('case_escalation_steps',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('escalation_id', sa.Uuid(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('why', sa.String(length=12), nullable=False, comment='passed, climbed'),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('person_name', sa.String(length=100), nullable=False),
    sa.Column('behalf', sa.Uuid(), nullable=True),
    sa.Column('from_role', sa.String(length=24), nullable=False),
    sa.Column('to_role', sa.String(length=24), nullable=False),
    sa.Column('to_organisation_id', sa.Uuid(), nullable=False),
    sa.Column('view', sa.String(length=4000), nullable=False),
    sa.ForeignKeyConstraint(['escalation_id'], ['case_escalations.id'], name=op.f('fk_case_escalation_steps_escalation_id_case_escalations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_escalation_steps'))
    )
    with op.batch_alter_table('case_escalation_steps', schema=None) as batch_op:
        batch_op.create_index('ix_case_escalation_steps_escalation', ['escalation_id', 'at'], unique=False)

    with op.batch_alter_table('case_deadlines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('next_rung', sa.String(length=24), nullable=True, comment='Key of the next rung of its ladder; ? = to be worked out'))
        batch_op.add_column(sa.Column('next_rung_at', INSTANT, nullable=True))
        # With the id it gives the order in which running clocks are read: the wider index never ties.
        batch_op.drop_index('ix_case_deadlines_open', postgresql_where=sa.text('closed_at IS NULL'), sqlite_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('ix_case_deadlines_open', ['case_id', 'opened_seq', 'id'], unique=False, postgresql_where=sa.text('closed_at IS NULL'), sqlite_where=sa.text('closed_at IS NULL'))
        # Empty: every running clock is looked at once by the calendar in force.
        batch_op.add_column(sa.Column('calendar', sa.String(length=12), nullable=False, server_default="", comment='Calendar it was last computed by; empty: to be looked at'))
        batch_op.create_index('ix_case_deadlines_calendar', ['calendar', 'id'], unique=False, postgresql_where=sa.text('closed_at IS NULL'), sqlite_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('ix_case_deadlines_rung', ['next_rung_at'], unique=False, postgresql_where=sa.text('closed_at IS NULL AND next_rung_at IS NOT NULL'), sqlite_where=sa.text('closed_at IS NULL AND next_rung_at IS NOT NULL'))
    with op.batch_alter_table('case_deadlines', schema=None) as batch_op:
        batch_op.alter_column('calendar', server_default=None)
    # The first tick works out where on its ladder each running clock stands.
    op.execute("UPDATE case_deadlines SET next_rung = '?', next_rung_at = anchor_at WHERE closed_at IS NULL")

    with op.batch_alter_table('case_signatures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('on_behalf_of', sa.Uuid(), nullable=True, comment='Person whose place they took'))

    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.add_column(sa.Column('escalations', sa.Integer(), nullable=False, server_default="0", comment='How many are undecided'))
    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.alter_column('escalations', server_default=None)

    with op.batch_alter_table('outbox_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=12), nullable=False, server_default="notice"))
        batch_op.add_column(sa.Column('urgent', sa.Boolean(), nullable=False, server_default=sa.false(), comment='Of hours: told at any time'))
        batch_op.add_column(sa.Column('release_at', INSTANT, nullable=True, comment='Not told before'))
        batch_op.drop_index('ix_outbox_messages_waiting')
        batch_op.create_index('ix_outbox_messages_waiting', ['release_at'], unique=False, postgresql_where=sa.text('sent_at IS NULL'), sqlite_where=sa.text('sent_at IS NULL'))
    op.execute("UPDATE outbox_messages SET release_at = created_at")
    with op.batch_alter_table('outbox_messages', schema=None) as batch_op:
        batch_op.alter_column('kind', server_default=None)
        batch_op.alter_column('urgent', server_default=None)
        batch_op.alter_column('release_at', nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('case_signatures', schema=None) as batch_op:
        batch_op.drop_column('on_behalf_of')

    with op.batch_alter_table('outbox_messages', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_messages_waiting', postgresql_where=sa.text('sent_at IS NULL'), sqlite_where=sa.text('sent_at IS NULL'))
        batch_op.create_index('ix_outbox_messages_waiting', ['created_at'], unique=False, postgresql_where=sa.text('sent_at IS NULL'), sqlite_where=sa.text('sent_at IS NULL'))
        batch_op.drop_column('release_at')
        batch_op.drop_column('urgent')
        batch_op.drop_column('kind')

    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.drop_column('escalations')

    with op.batch_alter_table('case_deadlines', schema=None) as batch_op:
        batch_op.drop_index('ix_case_deadlines_rung', postgresql_where=sa.text('closed_at IS NULL AND next_rung_at IS NOT NULL'), sqlite_where=sa.text('closed_at IS NULL AND next_rung_at IS NOT NULL'))
        batch_op.drop_index('ix_case_deadlines_open', postgresql_where=sa.text('closed_at IS NULL'), sqlite_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('ix_case_deadlines_open', ['case_id', 'opened_seq'], unique=False, postgresql_where=sa.text('closed_at IS NULL'), sqlite_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index('ix_case_deadlines_calendar', postgresql_where=sa.text('closed_at IS NULL'), sqlite_where=sa.text('closed_at IS NULL'))
        batch_op.drop_column('calendar')
        batch_op.drop_column('next_rung_at')
        batch_op.drop_column('next_rung')

    with op.batch_alter_table('case_escalation_steps', schema=None) as batch_op:
        batch_op.drop_index('ix_case_escalation_steps_escalation')

    op.drop_table('case_escalation_steps')
    with op.batch_alter_table('case_escalations', schema=None) as batch_op:
        batch_op.drop_index('ix_case_escalations_desk')
        batch_op.drop_index('ix_case_escalations_body')
        batch_op.drop_index('ix_case_escalations_asked')
        batch_op.drop_index('ix_case_escalations_clock')
        batch_op.drop_index('ix_case_escalations_climb', postgresql_where=sa.text("status = 'open' AND climbs_at IS NOT NULL"), sqlite_where=sa.text("status = 'open' AND climbs_at IS NOT NULL"))
        batch_op.drop_index('ix_case_escalations_case')

    op.drop_table('case_escalations')
    with op.batch_alter_table('case_clock_rungs', schema=None) as batch_op:
        batch_op.drop_index('ix_case_clock_rungs_listed', postgresql_where=sa.text('listed'), sqlite_where=sa.text('listed'))
        batch_op.drop_index('ix_case_clock_rungs_case')

    op.drop_table('case_clock_rungs')
    with op.batch_alter_table('letters', schema=None) as batch_op:
        batch_op.drop_index('ix_letters_unread', postgresql_where=sa.text('read_at IS NULL'), sqlite_where=sa.text('read_at IS NULL'))
        batch_op.drop_index('ix_letters_person')

    op.drop_table('letters')
    with op.batch_alter_table('delegations', schema=None) as batch_op:
        batch_op.drop_index('ix_delegations_substitute')
        batch_op.drop_index('ix_delegations_principal')
        batch_op.drop_index('ix_delegations_organisation')

    op.drop_table('delegations')
    op.drop_table('webhook_endpoints')
    op.drop_table('message_templates')
    op.drop_table('leases')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_deliveries_waiting', postgresql_where=sa.text("status = 'waiting'"), sqlite_where=sa.text("status = 'waiting'"))
        batch_op.drop_index('ix_deliveries_status')

    op.drop_table('deliveries')
