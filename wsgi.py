"""What a web server loads, and what ``flask`` finds: ``wsgi:application``."""

from app import create_app

application = create_app()
