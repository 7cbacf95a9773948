from django.urls import path

from tongban.catalogue import version_views, views
from tongban.catalogue.bundles import views as bundles

app_name = "catalogue"
urlpatterns = [
    path("search", views.search, name="search"),
    path("items/<str:code>/", views.item, name="item"),
    path("items/<str:code>/versions/", version_views.versions, name="versions"),
    path("bundles/", bundles.bundles, name="bundles"),
    path("bundles/<slug:slug>/", bundles.bundle, name="bundle"),
    path("organs/<str:organ>/powers/", version_views.powers, name="powers"),
    path("work/guides/", version_views.guide_scores, name="guide-scores"),
    path("work/guides/<str:organ>/", version_views.organ_guides, name="organ-guides"),
]
