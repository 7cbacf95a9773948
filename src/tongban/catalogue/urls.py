from django.urls import path

from tongban.catalogue import (
    basic_views,
    browse_views,
    bulk_views,
    editing_views,
    import_views,
    publishing_views,
    version_views,
    views,
)
from tongban.catalogue.bundles import views as bundles

app_name = "catalogue"
urlpatterns = [
    path("search", views.search, name="search"),
    path("browse/", browse_views.overview, name="browse"),
    path("browse/letters/<str:letter>/", browse_views.letter, name="browse-letter"),
    path("browse/organs/<str:organ>/", browse_views.organ, name="browse-organ"),
    path("browse/<str:family>/<str:shelf>/", browse_views.shelf, name="browse-shelf"),
    path("items/<str:code>/", views.item, name="item"),
    path("items/<str:code>/versions/", version_views.versions, name="versions"),
    path("items/<str:code>/compare/", browse_views.compare, name="compare"),
    path("items/<str:code>/print/", browse_views.printable, name="print"),
    path("items/<str:code>/code.svg", browse_views.code_picture, name="code-picture"),
    path("basic/<str:basic>/", basic_views.basic, name="basic"),
    path("bundles/", bundles.bundles, name="bundles"),
    path("bundles/<slug:slug>/", bundles.bundle, name="bundle"),
    path("organs/<str:organ>/powers/", version_views.powers, name="powers"),
    path("work/guides/", version_views.guide_scores, name="guide-scores"),
    path("work/guides/<str:organ>/", version_views.organ_guides, name="organ-guides"),
    path("work/items/", editing_views.own_items, name="own-items"),
    path("work/items/bulk/", bulk_views.bulk, name="bulk"),
    path("work/items/import/", import_views.upload, name="import"),
    path("work/items/import/<uuid:upload>/", import_views.report, name="import-report"),
    path("work/items/import/<uuid:upload>/rows.csv", import_views.rows, name="import-rows"),
    path("work/items/<str:code>/", editing_views.item_desk, name="item-desk"),
    path("work/items/<str:code>/begin/", editing_views.begin, name="begin"),
    path("work/items/<str:code>/edit/<str:section>/", editing_views.edit, name="edit"),
    path("work/items/<str:code>/edit/<str:section>/merge/", editing_views.merge, name="merge"),
    path("work/items/<str:code>/undo/", editing_views.undo, name="undo"),
    path("work/items/<str:code>/discard/", editing_views.discard, name="discard"),
    path("work/items/<str:code>/changes/", publishing_views.changes, name="changes"),
    path("work/items/<str:code>/send/", publishing_views.send, name="send"),
    path("work/items/<str:code>/review/", publishing_views.review, name="review"),
    path("work/items/<str:code>/withdraw/", publishing_views.withdraw, name="withdraw"),
]
