"""The newcomer's trip: one command, a real mail over a real socket, a lead with its reason; and what goes wrong."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
from collections.abc import Iterator

import pytest

from postroom.project.demo.company import ACME, PASSWORD
from tests.support.supervised import House, house, wait_for

pytestmark = pytest.mark.slow

MAIL = "From: Nadia <nadia@customer.example>\r\nTo: sales@acme.example\r\nSubject: Forty chairs\r\n\r\nBy May?\r\n"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A demo that was started cold, from an empty folder."""
    with house(tmp_path_factory.mktemp("demo"), "") as made:
        made.start("demo")
        yield made


@pytest.fixture(scope="module")
def token(demo: House) -> str:
    """A token of the administrator, as the command line prints it."""
    return demo.run("token", "create", "--user", "admin").stdout.decode().strip()


def send(demo: House, mail: str = MAIL, to: str = "sales@acme.example") -> None:
    with smtplib.SMTP("127.0.0.1", demo.smtp_port, timeout=30) as server:
        server.sendmail("nadia@customer.example", [to], mail.encode())


def titles(demo: House, token: str, type: str = "lead") -> list[str]:
    return [record["title"] for record in demo.get(f"/records?type={type}", token)["items"]]


def test_the_welcome_names_the_address_the_logins_and_things_to_try(demo: House) -> None:
    assert f"http://127.0.0.1:{demo.web_port}" in demo.log
    assert PASSWORD in demo.log
    assert all(person.username in demo.log for person in ACME.people)
    assert f"smtp://127.0.0.1:{demo.smtp_port}" in demo.log
    assert all(demo.log.count(f"\n  {number}. ") == 1 for number in (1, 2, 3, 4))
    assert f"http://127.0.0.1:{demo.web_port}/outbox" in demo.log


def test_the_company_has_mail_from_the_first_start(demo: House, token: str) -> None:
    wait_for(lambda: len(titles(demo, token)) >= 3, "leads")
    assert "Temperature logging for 36 vans" in titles(demo, token)
    wait_for(lambda: len(titles(demo, token, "ticket")) >= 3, "tickets")
    assert {one["state"] for one in demo.get("/inbound", token)["items"]} == {"routed"}
    (vans,) = [one for one in demo.get("/records?type=lead", token)["items"] if "36 vans" in one["title"]]
    messages = demo.get(f"/records/{vans['id']}/messages", token)["items"]
    note, answer, *mails = messages
    assert (note["visibility"], answer["visibility"]) == ("internal", "public")
    assert [message["automatic"] for message in mails] == ["human", "auto", "human"]
    assert mails[0]["quoted_text"]
    assert mails[2]["attachments"][0]["name"] == "vans-norrgård.csv"


def test_its_answer_has_left_and_says_so(demo: House, token: str) -> None:
    wait_for(lambda: {one["state"] for one in demo.get("/outbound", token)["items"]} == {"accepted"}, "the copies")
    (copy,) = [one for one in demo.get("/outbound", token)["items"] if one["recipient"]["name"] == "Hanna Sjöberg"]
    assert copy["author"] == {"email": "amara@acme.example", "name": "Amara Okafor"}
    assert len(list((demo.var / "outbox").glob("*.eml"))) == len(demo.get("/outbound", token)["items"])


def test_a_mail_becomes_a_lead_with_its_reason(demo: House, token: str) -> None:
    send(demo)
    wait_for(lambda: "Forty chairs" in titles(demo, token), "the lead")
    arrival = next(one for one in demo.get("/inbound", token)["items"] if one["subject"] == "Forty chairs")
    (route,) = demo.get(f"/inbound/{arrival['id']}", token)["routes"]
    assert (route["state"], route["recipients"]) == ("routed", ["sales@acme.example"])
    assert [step for step in route["trace"] if step["step"] == "alias match"]


def test_an_unknown_address_is_refused_and_written_down(demo: House, token: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(demo, to="nobody@acme.example")
    assert refused.value.recipients["nobody@acme.example"][0] == 550
    wait_for(lambda: demo.get("/refusals", token)["items"], "the refusal")


def test_a_child_that_is_killed_is_started_again(demo: House, token: str) -> None:
    before = demo.children()
    assert set(before) == {"web", "smtp", "worker"}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: _all_new(demo, before), "new children")
    wait_for(lambda: _answers(demo), "the listener")
    send(demo, MAIL.replace("Forty", "Fifty"))
    wait_for(lambda: "Fifty chairs" in titles(demo, token), "the next lead")


def _all_new(demo: House, before: dict[str, int]) -> bool:
    now = demo.children()
    return now.keys() == before.keys() and not set(now.values()) & set(before.values())


def _answers(demo: House) -> bool:
    try:
        demo.get("/health")
        with socket.create_connection(("127.0.0.1", demo.smtp_port), timeout=5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def test_the_second_start_keeps_the_data_and_ctrl_c_ends_it_cleanly(demo: House, token: str) -> None:
    before = {one["id"] for one in demo.get("/records", token)["items"]}
    assert demo.stop() == 0
    assert "Traceback" not in demo.log
    demo.start("demo")
    assert {one["id"] for one in demo.get("/records", token)["items"]} >= before
    assert demo.get("/health") == {"healthy": True, "issues": []}


def test_a_mail_piped_in_while_all_is_stopped_is_there_after_the_next_start(demo: House, token: str) -> None:
    demo.stop()
    piped = demo.run(
        "mailgate", "-f", "nadia@customer.example", "sales@acme.example", given=MAIL.replace("Forty", "Six").encode()
    )
    assert (piped.returncode, piped.stderr) == (0, b"")
    demo.start("demo")
    wait_for(lambda: "Six chairs" in titles(demo, token), "the piped mail")


MADE = "Made: Globex, globex.example, ada, sales@globex.example, support@globex.example.\n"


def test_an_installation_of_somebody_else_is_left_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    with house(tmp_path_factory.mktemp("init"), "empty") as here:
        password = here.var.parent / "password"
        password.write_text("a long enough phrase\n")
        flags = (
            "--company",
            "Globex",
            "--domain",
            "globex.example",
            "--admin",
            "ada",
            "--password-file",
            str(password),
        )
        made = here.run("init", *flags)
        assert (made.returncode, made.stdout.decode()) == (0, MADE)
        again = here.run("init", *flags)
        assert (again.returncode, again.stdout.decode()) == (0, "Everything is there already.\n")
        refused = here.run("demo")
        assert refused.returncode == 65
        assert "globex" in refused.stderr.decode()
        assert "Traceback" not in refused.stderr.decode()
        examined = here.run("doctor", "--json")
        assert examined.returncode == 0, examined.stdout
