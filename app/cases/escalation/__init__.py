"""Escalations 升级（督办）: a clock or a person proposes, somebody with the power decides."""
