"""What a web server loads, and what ``flask`` finds: ``wsgi:application``."""

from app import create_app
from app.operations import logs
from config import Settings

settings = Settings.from_env()
logs.install(production=settings.production)
application = create_app(settings)
