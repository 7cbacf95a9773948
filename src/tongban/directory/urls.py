from django.urls import path

from tongban.directory import views
from tongban.directory.messages import views as messages

app_name = "directory"
urlpatterns = [
    path("me/identity/", views.identity, name="identity"),
    path("me/messages/", messages.inbox, name="messages"),
    path("me/messages/preferences/", messages.preferences, name="message-preferences"),
    path("me/messages/<uuid:key>/", messages.message, name="message"),
    path("me/security/", views.security, name="security"),
    path("me/security/devices/<int:device>/forget/", views.forget_device, name="forget-device"),
    path("work/people/", views.people, name="people"),
    path("work/corrections/", views.corrections, name="corrections"),
    path("work/posts/", views.manage_posts, name="posts"),
    path("work/security/", views.log, name="log"),
]
