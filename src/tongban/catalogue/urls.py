from django.urls import path

from tongban.catalogue import version_views, views

app_name = "catalogue"
urlpatterns = [
    path("search", views.search, name="search"),
    path("items/<str:code>/", views.item, name="item"),
    path("items/<str:code>/versions/", version_views.versions, name="versions"),
    path("organs/<str:organ>/powers/", version_views.powers, name="powers"),
    path("work/guides/", version_views.guide_scores, name="guide-scores"),
    path("work/guides/<str:organ>/", version_views.organ_guides, name="organ-guides"),
]
