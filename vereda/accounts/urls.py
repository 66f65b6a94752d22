"""The addresses of people's own pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from vereda.accounts import link_views, recovery_views, registration_views, session_views, views

urlpatterns = [
    path("registro/", views.register, name="register"),
    path("registro/validar/", registration_views.check, name="register-check"),
    path("i/<slug:code>/", link_views.invitation, name="invitation"),
    path("enlace/qr.svg", link_views.qr_svg, name="link-qr-svg"),
    path("enlace/qr.png", link_views.qr_png, name="link-qr-png"),
    path("enlace/tarjeta/", link_views.card, name="link-card"),
    path("enlace/pausar/", link_views.pause, name="link-pause"),
    path("enlace/reanudar/", link_views.resume, name="link-resume"),
    path("enlace/cambiar/", link_views.renew, name="link-renew"),
    path("ingresar/", views.Login.as_view(), name="login"),
    path("salir/", LogoutView.as_view(), name="logout"),
    path("perfil/clave/", views.password, name="password"),
    path("perfil/sesiones/", session_views.sessions, name="sessions"),
    path("perfil/aviso/", registration_views.seen, name="second-registration-seen"),
    path("recuperar/", recovery_views.recover, name="recover"),
    path("recuperar/<slug:token>/", recovery_views.follow, name="recover-link"),
    path("privacidad/", views.privacy, name="privacy"),
]
