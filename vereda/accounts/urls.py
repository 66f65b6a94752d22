"""The addresses of people's own pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from vereda.accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("registro/", views.register, name="register"),
    path("ingresar/", views.Login.as_view(), name="login"),
    path("salir/", LogoutView.as_view(), name="logout"),
    path("perfil/clave/", views.password, name="password"),
    path("privacidad/", views.privacy, name="privacy"),
    path("privacidad/<slug:version>/", views.privacy, name="privacy-version"),
]
