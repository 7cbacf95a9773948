from django.urls import path

from tongban.catalogue import search_views, version_views, views

app_name = "catalogue"
urlpatterns = [
    path("search", search_views.search, name="search"),
    path("search/suggestions", search_views.suggestions, name="suggestions"),
    path("work/searches/", search_views.searches, name="searches"),
    path("items/<str:code>/", views.item, name="item"),
    path("items/<str:code>/versions/", version_views.versions, name="versions"),
    path("organs/<str:organ>/powers/", version_views.powers, name="powers"),
    path("work/guides/", version_views.guide_scores, name="guide-scores"),
    path("work/guides/<str:organ>/", version_views.organ_guides, name="organ-guides"),
]
