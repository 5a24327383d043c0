"""The addresses of the Outbox."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.outbox import copies, copy, decide, linked, operation, queue, reply

urlpatterns = [
    path("outbox", copies.outbound_list, name="outbound"),
    path("outbox/queue", queue.outbound_queue, name="outbound-queue"),
    path("outbox/decide", decide.outbound_decide, name="outbound-decide"),
    path("outbox/operations/<int:pk>", operation.outbound_operation, name="outbound-operation"),
    path("outbox/operations/<int:pk>/stop", operation.outbound_stop, name="outbound-stop"),
    path("outbox/<int:pk>", copy.outbound_copy, name="outbound-copy"),
    path("outbox/<int:pk>/body", copy.outbound_body, name="outbound-body"),
    path("outbox/<int:pk>/files/<int:number>/<str:name>", copy.outbound_file, name="outbound-file"),
    path("outbox/<int:pk>/source", copy.outbound_source, name="outbound-source"),
    path("outbox/<int:pk>/download", copy.outbound_download, name="outbound-download"),
    path("outbox/<int:pk>/links", linked.outbound_links, name="outbound-links"),
    path("outbox/<int:pk>/act", copies.outbound_act, name="outbound-act"),
    path("outbox/<int:pk>/reply", reply.outbound_reply, name="outbound-reply"),
    path("outbox/replies/<int:pk>", reply.outbound_arrived, name="outbound-arrived"),
]
