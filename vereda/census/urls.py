"""The addresses of the census pages."""

from django.urls import path

from vereda.census import views

urlpatterns = [
    path("perfil/", views.profile, name="profile"),
    path("censo/", views.section, name="census"),
    path("censo/actualizar/", views.refresh, name="census-refresh"),
    path("salud/", views.health, name="health"),
]
