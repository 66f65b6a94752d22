"""The addresses of people's own pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from vereda.accounts import login, second_step_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("registro/", views.register, name="register"),
    path("ingresar/", login.Login.as_view(), name="login"),
    path("ingresar/codigo/", login.code, name="login-code"),
    path("salir/", LogoutView.as_view(), name="logout"),
    path("perfil/clave/", views.password, name="password"),
    path("perfil/dos-pasos/", second_step_views.page, name="second-step"),
    path("perfil/dos-pasos/empezar/", second_step_views.start, name="second-step-start"),
    path("perfil/dos-pasos/activar/", second_step_views.turn_on, name="second-step-on"),
    path("perfil/dos-pasos/codigos/", second_step_views.renew_codes, name="second-step-codes"),
    path("perfil/dos-pasos/desactivar/", second_step_views.turn_off, name="second-step-off"),
    path("privacidad/", views.privacy, name="privacy"),
    path("privacidad/<slug:version>/", views.privacy, name="privacy-version"),
]
