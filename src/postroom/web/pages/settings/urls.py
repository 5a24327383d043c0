"""The addresses of the settings."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.settings import aliases, companies, domains, index, invitation, profile, proof, tokens, users
from postroom.web.pages.settings.servers import mail, paces, provider, trial
from postroom.web.pages.settings.servers import pages as servers

urlpatterns = [
    path("settings", index.index, name="settings"),
    path("settings/developer-mode", index.developer_mode, name="developer-mode"),
    path("settings/users", users.user_list, name="users"),
    path("settings/users/invite", users.user_new, name="user-new"),
    path("settings/users/<int:pk>", users.user_page, name="user"),
    path("settings/users/<int:pk>/roles", users.user_roles, name="user-roles"),
    path("settings/users/<int:pk>/link", users.user_link, name="user-link"),
    path("settings/users/<int:pk>/deactivate", users.user_deactivate, name="user-deactivate"),
    path("settings/users/<int:pk>/reactivate", users.user_reactivate, name="user-reactivate"),
    path("settings/companies", companies.company_list, name="companies"),
    path("settings/companies/new", companies.company_new, name="company-new"),
    path("settings/companies/<int:pk>", companies.company_page, name="company"),
    path("settings/tokens", tokens.token_list, name="tokens"),
    path("settings/tokens/<int:pk>/revoke", tokens.token_revoke, name="token-revoke"),
    path("invitation/<str:secret>", invitation.invitation, name="invitation"),
    path("settings/servers", servers.server_list, name="servers"),
    path("settings/servers/default", servers.server_default, name="server-default"),
    path("settings/servers/choice", servers.server_choice, name="server-choice"),
    path("settings/servers/choice/dns", servers.server_choice_dns, name="server-choice-dns"),
    path("settings/paces", paces.pace_list, name="paces"),
    path("settings/paces/<int:pk>/forget", paces.pace_forget, name="pace-forget"),
    path("settings/servers/new", servers.server_new, name="server-new"),
    path("settings/servers/new/test", trial.server_test, name="server-new-test"),
    path("settings/servers/new/size", trial.server_size, name="server-new-size"),
    path("settings/servers/provider", provider.server_provider, name="server-provider"),
    path("settings/servers/<int:pk>", servers.server_page, name="server"),
    path("settings/servers/<int:pk>/test", trial.server_test, name="server-test"),
    path("settings/servers/<int:pk>/size", trial.server_size, name="server-size"),
    path("settings/servers/<int:pk>/test-mail", mail.server_test_mail, name="server-test-mail"),
    path("settings/servers/<int:pk>/test-mail/<int:number>", mail.server_test_mail_state, name="server-test-mailed"),
    path("settings/servers/<int:pk>/move", servers.server_move, name="server-move"),
    path("settings/servers/<int:pk>/archive", servers.server_archive, name="server-archive"),
    path("settings/servers/<int:pk>/restore", servers.server_restore, name="server-restore"),
    path("settings/domains", domains.domain_list, name="domains"),
    path("settings/domains/new", domains.domain_new, name="domain-new"),
    path("settings/domains/<int:pk>", domains.domain_page, name="domain"),
    path("settings/domains/<int:pk>/move", domains.domain_move, name="domain-move"),
    path("settings/domains/<int:pk>/share", domains.domain_share, name="domain-share"),
    path("settings/domains/<int:pk>/unshare", domains.domain_unshare, name="domain-unshare"),
    path("settings/domains/<int:pk>/remove", domains.domain_remove, name="domain-remove"),
    path("settings/domains/<int:pk>/proof", proof.domain_proof, name="domain-proof"),
    path("settings/domains/<int:pk>/proof/stop", proof.domain_proof_stop, name="domain-proof-stop"),
    path("settings/aliases", aliases.alias_list, name="aliases"),
    path("settings/aliases/new", aliases.alias_new, name="alias-new"),
    path("settings/aliases/<int:pk>", aliases.alias_page, name="alias"),
    path("settings/aliases/<int:pk>/delete", aliases.alias_delete, name="alias-delete"),
    path("profile", profile.profile, name="profile"),
]
