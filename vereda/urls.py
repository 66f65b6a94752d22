"""Every address of the product, by app.

Next on the reading path: `vereda/accounts/models.py`.
"""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, register_converter

from vereda.accounts.entering.login import admin_login, admin_password
from vereda.lib.ids import IdConverter

register_converter(IdConverter, "id")  # before the apps' addresses, which use it

urlpatterns = [
    path("", include("vereda.accounts.urls")),
    path("", include("vereda.census.urls")),
    path("", include("vereda.referrals.urls")),
    path("", include("vereda.rights.urls")),
    path(f"{settings.ADMIN_PATH}login/", admin_login, name="admin-login"),
    path(f"{settings.ADMIN_PATH}password_change/", admin_password, name="admin-password"),
    path(settings.ADMIN_PATH, admin.site.urls),
]
handler400 = "vereda.errors.bad_request"
handler403 = "vereda.errors.permission_denied"
handler404 = "vereda.errors.page_not_found"
