"""Files of the kinds that people have, small, made up, and named as in docs/loading.md."""

import json
from pathlib import Path

_TICKETS = "".join(
    f"{ticket},shop,checkout,2026-04-{day:02} 10:0{ticket % 10}:00,{usd}\n"
    for day in (2, 3)
    for ticket, usd in enumerate([1.25, 1.5, 1.0, 1.75, 1.25, 40.12345], start=101)
)
_SESSIONS = [
    {
        "timestamp": f"2026-04-02T{hour}:14:07.512Z",
        "project": "webshop",
        "session": session,
        "model": model,
        "usage": {
            "input_tokens": 12,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "output_tokens": 934,
        },
        "cost_usd": cost,
    }
    for hour, session, model, written, read, cost in (
        ("09", "s-1", "opus", 20_480, 181_220, 0.14521),
        ("10", "s-1", "opus", 1_022, 201_700, 0.07053),
        ("11", "s-2", "<synthetic>", 0, 0, 0),
        ("12", "s-2", "opus", 0, 9, None),
    )
]
_SPEND = [
    {
        "request_id": f"r-{number}",
        "spend": 0.002,
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "startTime": f"2026-04-0{number} 03:04:05.678",
        "model": "gpt-5",
        "user": "ada",
        "team_id": "acme",
        "session_id": "s-1",
    }
    for number in (2, 3)
]
_TEXTS = {
    "usage.csv": "ticket,project,epic,when,usd\n" + _TICKETS,
    "sessions.jsonl": "".join(json.dumps(each) + "\n" for each in _SESSIONS),
    "spend.json": json.dumps(_SPEND),
    "activity.csv": (
        "created_at,model_permaslug,tokens_prompt,tokens_completion,tokens_cached,cost_total,"
        "app_name\n"
        "2026-04-02 09:14:07.512,vendor/large,12034,934,11008,0.0181234,agent\n"
        "2026-04-02 23:59:59.999,vendor/small,51000,2200,48000,0.00615,agent\n"
    ),
    "costs.csv": (
        "start_time,end_time,amount_value,amount_currency,line_item,project_name\n"
        '1775088000,1775174400,0.8964,usd,"small, input",webshop\n'
    ),
    "semicolons.csv": (
        "\ufeffTenant; Story ;Datum;Kosten\r\nacme;Login;02.04.2026 10:30;1.234,56\r\n"
        "acme;Checkout;02.04.2026 11:00;0,12\r\nTotal;;;1.234,68\r\n"
    ),
    "billing.csv": (
        "tenant,story,at,cost\nacme,NULL,2026-04-02T10:00:00Z,0.5\nacme,Pay,3/4/2026,-0.25\n"
        "acme,Pay,2099-01-01,1\nacme,Pay,2026-04-02,0.000004\n"
    ),
    "two_costs.csv": "tenant,story,at,cost,cost\nacme,Login,2026-04-02,1,2\n",
}
_UNICODE = 'tenant\tstory\tat\tcost\r\nacme\tLogin\t2026-04-02\t"1,234.56"\r\n'


def write_sample_files(folder: Path) -> None:
    """Write them all into a folder."""
    for name, text in _TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "unicode.txt").write_text(_UNICODE, encoding="utf-16")
