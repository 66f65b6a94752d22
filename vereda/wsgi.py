"""The web application, as gunicorn loads it."""

import os

from django.core.wsgi import get_wsgi_application

from vereda.refusals import refusing_malformed

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vereda.settings")
application = refusing_malformed(get_wsgi_application())
