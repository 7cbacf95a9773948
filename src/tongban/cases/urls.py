from django.urls import path

from tongban.cases import (
    case_views,
    delegation_views,
    emergency_views,
    material_views,
    procedure_views,
    receipt_views,
    staff_views,
    step_views,
    upload_views,
    views,
)
from tongban.cases.appointments import views as appointments
from tongban.cases.bundles import following_views as bundles_sent
from tongban.cases.bundles import views as bundles
from tongban.cases.counter import views as counter
from tongban.cases.reporting import views as reporting
from tongban.cases.workbench import views as workbench

app_name = "cases"
urlpatterns = [
    path("items/<str:code>/apply/", views.apply, name="apply"),
    path("items/<str:code>/apply/<str:page>/", views.apply_page, name="apply-page"),
    path("bundles/<slug:slug>/apply/", bundles.apply, name="bundle-apply"),
    path("bundles/<slug:slug>/apply/<str:page>/", bundles.apply_page, name="bundle-page"),
    path("me/bundles/<str:filing>/", bundles_sent.bundle, name="bundle"),
    path(
        "me/bundles/<str:filing>/<slug:part>/give-up/", bundles_sent.give_up, name="bundle-give-up"
    ),
    path("cases/<str:number>/", case_views.case, name="case"),
    path("cases/<str:number>/act/", case_views.case_act, name="case-act"),
    path("cases/<str:number>/supply/", case_views.supply, name="supply"),
    path("cases/<str:number>/files/<uuid:key>/", case_views.case_file_download, name="file"),
    path(
        "cases/<str:number>/files/<uuid:key>/pages/", material_views.file_pages, name="file-pages"
    ),
    path(
        "cases/<str:number>/files/<uuid:key>/pages/<int:sheet>/", material_views.page, name="page"
    ),
    path("me/uploads/", upload_views.uploads, name="uploads"),
    path("me/uploads/<uuid:key>/", upload_views.upload, name="upload"),
    path("cases/<str:number>/correct/", views.correct, name="correct"),
    path("cases/<str:number>/correct/<str:page>/", views.correct_page, name="correct-page"),
    path("appointments/", appointments.offices, name="offices"),
    path("appointments/<str:office>/", appointments.office, name="office"),
    path("appointments/<str:office>/queue/", appointments.screen, name="queue"),
    path("me/appointments/", appointments.mine, name="my-appointments"),
    path("work/counter/", appointments.counters, name="counters"),
    path("work/counter/<str:office>/", appointments.counter, name="counter"),
    path("work/counter/<str:office>/file/", counter.file_here, name="file-here"),
    path("work/counter/<str:office>/file/<uuid:key>/", counter.filed, name="filed"),
    path(
        "work/counter/<str:office>/file/<uuid:key>/receipt/", counter.receipt, name="filed-receipt"
    ),
    path("work/counter/<str:office>/file/<uuid:key>/<str:page>/", counter.page, name="file-page"),
    path("work/counter/<str:office>/papers/", counter.papers_here, name="papers-here"),
    path("work/papers/", counter.papers_to_sign, name="papers"),
    path("work/papers/<str:listed>/", counter.paper_list, name="paper-list"),
    path("me/delegations/", delegation_views.mine, name="delegations"),
    path("me/delegations/<uuid:key>/revoke/", delegation_views.revoke, name="revoke-delegation"),
    path("me/acts/", receipt_views.acts, name="acts"),
    path("me/acts/all/", receipt_views.everything, name="all-receipts"),
    path("me/acts/<int:seq>/", receipt_views.act, name="act"),
    path("me/acts/<int:seq>/<str:form>/", receipt_views.download, name="receipt"),
    path("work/delegations/", delegation_views.at_counter, name="counter-delegations"),
    path("work/emergency/", emergency_views.emergency, name="emergency"),
    path("work/emergency/<int:emergency>/allow/", emergency_views.allow, name="allow-emergency"),
    path("work/", workbench.work, name="work"),
    path("work/elsewhere/<str:reference>/", reporting.for_staff, name="work-reported"),
    path("me/elsewhere/<str:reference>/", reporting.mine, name="reported"),
    path("work/find/", workbench.find, name="work-find"),
    path("work/views/", workbench.views, name="work-views"),
    path("work/batch/", workbench.many, name="work-batch"),
    path("work/team/", workbench.team, name="work-team"),
    path("work/texts/", workbench.texts, name="reason-texts"),
    path("work/cases/<str:number>/desk/", workbench.desk_act, name="work-desk"),
    path("work/cases/<str:number>/", staff_views.work_case, name="work-case"),
    path(
        "work/cases/<str:number>/files/<uuid:key>/pages/",
        material_views.work_file_pages,
        name="work-file-pages",
    ),
    path(
        "work/cases/<str:number>/files/<uuid:key>/pages/<int:sheet>/",
        material_views.work_page,
        name="work-page",
    ),
    path(
        "work/cases/<str:number>/files/<uuid:key>/",
        staff_views.work_file_download,
        name="work-file",
    ),
    path("work/steps/", step_views.steps, name="steps"),
    path("work/cases/<str:number>/steps/<int:step>/", step_views.step, name="step"),
    path(
        "work/cases/<str:number>/steps/<int:step>/files/<uuid:key>/",
        step_views.step_file,
        name="step-file",
    ),
    path("work/procedures/", procedure_views.procedures, name="procedures"),
    path("work/procedures/<str:code>/", procedure_views.procedure, name="procedure"),
    path("work/procedures/<str:code>/draw/", procedure_views.draw, name="draw-procedure"),
    path("work/procedures/<str:code>/publish/", procedure_views.publish, name="publish-procedure"),
    path(
        "work/procedures/<str:code>/<int:version>/bpmn/",
        procedure_views.procedure_file,
        name="procedure-file",
    ),
]
