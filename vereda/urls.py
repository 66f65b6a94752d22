"""Every address of the product, by app.

Next on the reading path: `vereda/accounts/models.py`.
"""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("vereda.accounts.urls")),
    path("", include("vereda.census.urls")),
    path("admin/", admin.site.urls),
]
