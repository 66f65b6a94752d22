"""The addresses of people's own data."""

from django.urls import path

from vereda.rights import views

urlpatterns = [
    path("perfil/mis-datos/", views.own_data, name="own-data"),
    path("perfil/mis-datos/descargar/", views.download, name="own-data-download"),
    path("perfil/mis-datos/politica/", views.accept_policy, name="accept-policy"),
    path("perfil/mis-datos/autorizacion/", views.change_permission, name="change-permission"),
    path("perfil/mis-datos/comprobante/", views.proof, name="consent-proof"),
    path("perfil/mis-datos/borrar/", views.erase_me, name="erase-me"),
]
