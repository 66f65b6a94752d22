"""The addresses of people's own pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from vereda.accounts import views
from vereda.accounts.entering import login, recovery_views, second_step_views, session_views
from vereda.accounts.joining import link_views, registration

urlpatterns = [
    path("registro/", views.register, name="register"),
    path("registro/validar/", registration.check, name="register-check"),
    path("i/<slug:code>/", link_views.invitation, name="invitation"),
    path("enlace/qr.svg", link_views.qr_svg, name="link-qr-svg"),
    path("enlace/qr.png", link_views.qr_png, name="link-qr-png"),
    path("enlace/tarjeta/", link_views.card, name="link-card"),
    path("enlace/pausar/", link_views.pause, name="link-pause"),
    path("enlace/reanudar/", link_views.resume, name="link-resume"),
    path("enlace/cambiar/", link_views.renew, name="link-renew"),
    path("ingresar/", login.Login.as_view(), name="login"),
    path("ingresar/codigo/", login.code, name="login-code"),
    path("salir/", LogoutView.as_view(), name="logout"),
    path("perfil/clave/", views.password, name="password"),
    path("perfil/dos-pasos/", second_step_views.page, name="second-step"),
    path("perfil/dos-pasos/empezar/", second_step_views.start, name="second-step-start"),
    path("perfil/dos-pasos/activar/", second_step_views.turn_on, name="second-step-on"),
    path("perfil/dos-pasos/codigos/", second_step_views.renew_codes, name="second-step-codes"),
    path("perfil/dos-pasos/desactivar/", second_step_views.turn_off, name="second-step-off"),
    path("perfil/sesiones/", session_views.sessions, name="sessions"),
    path("perfil/aviso/", registration.seen, name="second-registration-seen"),
    path("recuperar/", recovery_views.recover, name="recover"),
    path("recuperar/<slug:token>/", recovery_views.follow, name="recover-link"),
    path("privacidad/", views.privacy, name="privacy"),
    path("privacidad/<slug:version>/", views.privacy, name="privacy-version"),
]
