"""The addresses of signing in with a national identity. allauth finds `…_cancelled` by its name."""

from django.urls import path

from tongban.directory.sign_in.upstream import views

urlpatterns = [
    path("sign-in/upstream/", views.begin, name="upstream_begin"),
    path("sign-in/upstream/back/", views.back, name="upstream_back"),
    path("sign-in/upstream/cancelled/", views.cancelled, name="socialaccount_login_cancelled"),
    path("me/security/upstream/connect/", views.connect, name="upstream_connect"),
    path("me/security/upstream/<int:pk>/disconnect/", views.disconnect, name="upstream_disconnect"),
]
