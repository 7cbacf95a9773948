from django.urls import path, re_path

from tongban.ledger import views

app_name = "ledger"
_PLACE = r"(?P<path>(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?)"
urlpatterns = [
    path("ledger/checkpoint", views.checkpoint, name="checkpoint"),
    path("ledger/keys", views.keys, name="keys"),
    re_path(rf"^ledger/tile/entries/{_PLACE}$", views.entries, name="entries"),
    re_path(rf"^ledger/tile/(?P<level>0|[1-9][0-9]?)/{_PLACE}$", views.tile, name="tile"),
]
