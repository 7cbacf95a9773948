from django.urls import path

from tongban.catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("search", views.search, name="search"),
    path("items/<str:code>/", views.item, name="item"),
]
