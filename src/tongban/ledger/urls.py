from django.urls import path, register_converter

from tongban.ledger import views


class Level:
    """The level of a tile: a decimal number without leading zeros."""

    regex = "0|[1-9][0-9]?"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int | str) -> str:
        return str(value)


class TilePath:
    """`x001/x234/067` or `067.p/12` (C2SP tlog-tiles); the view refuses what is not canonical."""

    regex = r"(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Level, "tile_level")
register_converter(TilePath, "tile_path")
app_name = "ledger"
urlpatterns = [
    path("ledger/checkpoint", views.checkpoint, name="checkpoint"),
    path("ledger/keys", views.keys, name="keys"),
    path("ledger/tile/entries/<tile_path:place>", views.entries, name="entries"),
    path("ledger/tile/<tile_level:level>/<tile_path:place>", views.tile, name="tile"),
]
