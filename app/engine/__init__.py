"""The vocabulary of a lifecycle and all that derives from it. Pure: no Flask, no SQLAlchemy."""
