"""The addresses of the census pages."""

from django.urls import path

from vereda.census import assisted_views, views

urlpatterns = [
    path("perfil/", views.profile, name="profile"),
    path("censo/", views.section, name="census"),
    path("censo/actualizar/", views.refresh, name="census-refresh"),
    path("censo/asistida/", assisted_views.assisted, name="assisted"),
    path("censo/asistida/<id:user_id>/cedula/", assisted_views.reveal, name="assisted-cedula"),
    path("censo/asistida/<id:user_id>/revisar/", assisted_views.review, name="assisted-review"),
    path("censo/asistida/<id:user_id>/guardar/", assisted_views.save, name="assisted-save"),
    path("salud/", views.health, name="health"),
]
