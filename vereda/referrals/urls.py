"""The addresses of the leader's pages."""

from django.urls import path

from vereda.referrals import views
from vereda.referrals.home import home
from vereda.referrals.reset_links import reset_link

urlpatterns = [
    path("", home, name="home"),
    path("referidos/", views.referrals, name="referrals"),
    path("referidos/buscar/", views.search, name="referrals-search"),
    path("referidos/cambios/", views.changes, name="referrals-changes"),
    path("referidos/actualizar/", views.refresh_marked, name="referrals-refresh"),
    path("referidos/actualizar-todos/", views.refresh_all, name="referrals-refresh-all"),
    path("referidos/actualizar-todos/<id:bulk_id>/cancelar/", views.cancel, name="referrals-cancel"),
    path("referidos/imprimir/", views.printable, name="referrals-print"),
    path("referidos/<id:user_id>/cedula/", views.reveal, name="referral-cedula"),
    path("referidos/<id:user_id>/clave/", reset_link, name="referral-reset"),
    path("censo/<id:user_id>/actualizar/", views.refresh_one, name="referral-refresh"),
]
