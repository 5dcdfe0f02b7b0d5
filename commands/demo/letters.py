"""The mail of the demonstration: what lies in the mailboxes of a small office at the quarry.

It is meant to be as mixed as a real mailbox, for whoever tries a mail program on it.
"""
# ruff: noqa: RUF001 - letters of other alphabets look like Latin ones; here they are meant

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .stationery import (
    Letter,
    attached,
    digest,
    forwarded,
    html,
    invitation,
    picture,
    returned,
    signed,
    with_crlf,
    without_last_line_end,
    written,
    zipped,
)

FIRST = datetime(2026, 10, 12, 7, 42, tzinfo=UTC)
APART = timedelta(hours=33, minutes=17)

FRED = "Fred Flintstone <fred@bedrock.example>"
WILMA = "Wilma Flintstone <wilma@bedrock.example>"
BARNEY = "Barney Rubble <barney@bedrock.example>"
BETTY = "Betty Rubble <betty@bedrock.example>"
SLATE = '"Slate, George" <slate@quarry.example>'
PRINTER = '"Printer, second floor" <printer@quarry.example>'
TICKETS = "Quarry Tickets <tickets@quarry.example>"


def reply(*earlier: str) -> str:
    """The headers of an answer in a thread."""
    ids = [f"<{word}@bedrock.example>" for word in earlier]
    return f"In-Reply-To: {ids[-1]}\nReferences: " + "\n ".join(ids) + "\n"


def named(word: str) -> str:
    """A Message-ID that others can refer to."""
    return f"Message-ID: <{word}@bedrock.example>\n"


def enclosed(letter: Letter, to: str, word: str) -> bytes:
    """A letter that travels inside another."""
    return written(letter, to, FIRST - APART, word)


LODGE = "Water Buffalo Lodge <lodge@buffalo.example>"
LODGE_LIST = (
    "List-Id: The Water Buffalo Lodge <lodge.buffalo.example>\nList-Post: <mailto:lodge@buffalo.example>\n"
    "List-Help: <mailto:lodge-request@buffalo.example?subject=help>\nPrecedence: list\n"
    "List-Unsubscribe: <mailto:lodge-leave@buffalo.example>\nSender: lodge-bounces@buffalo.example\n"
)
HATS = Letter(BARNEY, "Hats", "The horns on mine are loose. Who mends hats?\n")
SNACKS = Letter(FRED, "Snacks for Tuesday", "I bring ribs. Somebody bring a bigger table.\n")

LETTERS: dict[str, tuple[Letter, ...]] = {
    "fred": (
        Letter(WILMA, "Lunch", "You left your lunch on the table. Again.\nBarney has it, ask nicely.\n\nWilma\n"),
        Letter(
            SLATE, "Gravel figures for October", "Flintstone,\n\nthe figures. Explain the third line.\n\nSlate\n",
            (attached("gravel.csv", "text/csv", b"week,tons,broken shovels\n41,310,0\n42,295,1\n43,12,9\n"),),
        ),
        Letter(
            "Jürgen Kies <kies@steinbruch.example>", "Angebot für 40 t Kies, frei Haus",
            "Grüß Gott Herr Flintstone,\n\nwir können Ihnen 40 Tonnen für 1.200 Muscheln anbieten, Lieferung über "
            "die Brücke.\n\nSchöne Grüße\nJ. Kies\n", charset="iso-8859-1", encoding="quoted-printable",
        ),
        Letter(
            "Hélène Galet <helene@carriere.example>", "Réunion de jeudi déplacée à vendredi",
            "Bonjour Fred,\n\nla réunion est déplacée à vendredi, 10 h 30. Le café est prêt, les gâteaux aussi.\n\n"
            "À bientôt\nHélène\n", encoding="quoted-printable",
        ),
        Letter(
            "Ivan Kamen <ivan@kamen.example>", "Заказ на щебень",
            "Здравствуйте, Фред!\n\nНужно десять тонн щебня к пятнице.\n\nИван\n",
            charset="koi8-r", encoding="base64",
        ),
        Letter(
            "Ishida <ishida@ishiya.example>", "石の見積もり", "フレッド様\n\n見積もりをお願いします。\n\n石田\n",
            charset="iso-2022-jp", encoding="7bit",
        ),
        Letter(
            "Shi Lei <shilei@caishi.example>", "采石场参观", "弗雷德：\n\n我们下周三来参观，一共六个人。\n\n石磊\n",
            charset="gb18030", encoding="base64",
        ),
        Letter(
            "Hajar <hajar@mahjar.example>", "موعد التسليم", "مرحبا فريد،\n\nوصلت الحجارة. شكرا جزيلا!\n\nهاجر\n",
            encoding="8bit",
        ),
        Letter(
            BETTY, "Saturday", "Supper on Saturday, at ours. Bring Wilma and your own chair.\n",
            (html("<p>Supper on <b>Saturday</b>, at ours. Bring Wilma and your <i>own</i> chair.</p>\n"),),
        ),
        Letter(
            WILMA, "The colour for the kitchen", "This one. Do not argue.\n",
            (html('<p style="color: #c86432">This one. Do not argue.</p>\n'), picture("kitchen.png", 200, 100, 50)),
        ),
        Letter(
            SLATE, "Invitation: safety talk", "Safety talk, November 26, 9:00, canteen. Helmets on.\n",
            (invitation("Safety talk", "20261126T090000Z", "20261126T093000Z"),),
        ),
        Letter(
            BARNEY, "Plans for the car", "Fred,\n\nboth plans are in the archive. The square wheels were yours.\n",
            (zipped("car.zip", {"wheels.txt": "Round this time.\n", "brakes.txt": "Feet.\n" * 40}),),
        ),
        Letter(
            WILMA, "Fwd: Your order of one dinosaur", "Did you order this?\n",
            (forwarded(enclosed(Letter("Pets <shop@pets.example>", "Your order of one dinosaur",
                                       "Thank you! It eats at six.\n"), FRED, "order-1")),),
        ),
        Letter(
            LODGE, "lodge Digest, Vol 7, Issue 3", "Today's topics:\n\n   1. Hats\n   2. Snacks for Tuesday\n",
            (digest(enclosed(HATS, LODGE, "hats"), enclosed(SNACKS, LODGE, "snacks")),), headers=LODGE_LIST,
        ),
        Letter(
            "Mail Delivery System <MAILER-DAEMON@bedrock.example>", "Undelivered Mail Returned to Sender",
            "I'm sorry to have to inform you that your message could not be delivered.\n",
            (returned(enclosed(Letter(FRED, "Ribs", "Two racks, please.\n"), "ribs@drive-in.example", "ribs"),
                      "ribs@drive-in.example", "550 5.1.1 no such user here"),),
            headers="Return-Path: <>\nAuto-Submitted: auto-replied\n",
        ),
        Letter(
            BETTY, "The key of the shed", "It is under the third stone. This message is signed, so it is true.\n",
            (signed("-----BEGIN PGP SIGNATURE-----\n\niHUEARYIAB0WIQTdemodemodemodemodemodemodemodemo=\n=demo\n"
                    "-----END PGP SIGNATURE-----\n"),),
        ),
        Letter(
            PRINTER, "Toner low", "Device: PRN-2F\nSupply: black, 4 %\nPages: 18,204\nNo reply is read.\n",
            headers="Auto-Submitted: auto-generated\nX-Priority: 1 (Highest)\n", stored=with_crlf,
        ),
        Letter(
            TICKETS, "[Quarry #4711] Crane is asleep", "Ticket 4711 is yours now.\n\n> It sleeps since noon.\n",
            headers="Auto-Submitted: auto-generated\nX-Ticket: 4711\nReply-To: tickets+4711@quarry.example\n",
        ),
        Letter(
            "The Daily Slab <news@slab.example>", "What is new under the sun: wheels, fire and a discount on both",
            "Wheels now come round.\n\nTo leave this list, write to leave@slab.example.\n",
            (html("<h1>The Daily Slab</h1>\n<p>Wheels now come <em>round</em> – and 20&nbsp;% off.</p>\n"),),
            headers="List-Id: <daily.slab.example>\nPrecedence: bulk\n"
            "List-Unsubscribe: <https://slab.example/leave/fred>,\n <mailto:leave@slab.example>\n",
        ),
        Letter(BARNEY, "Bowling on Friday?", "Are you in?\n", message_id=named("bowling-1")),
        Letter(
            BETTY, "Re: Bowling on Friday?", "Barney wrote:\n> Are you in?\n\nWe are, if Wilma is.\n",
            headers=reply("bowling-1"), message_id=named("bowling-2"),
        ),
        Letter(
            WILMA, "Re: Bowling on Friday?", "Betty wrote:\n> We are, if Wilma is.\n\nWilma is.\n",
            headers=reply("bowling-1", "bowling-2"), message_id=named("bowling-3"),
        ),
        Letter(
            BARNEY, "Re: Bowling on Friday?", "> Wilma is.\n\nThen it is settled. Fred pays.\n",
            headers=reply("bowling-1", "bowling-2", "bowling-3"), message_id=named("bowling-4"),
        ),
        Letter(
            BETTY, "Re: Bowling on Friday?", ">> Fred pays.\n\nFred, say something.\n", message_id=named("bowling-5"),
            headers=reply("bowling-1", "bowling-2", "bowling-3", "bowling-4"),
        ),
        Letter(
            BARNEY, "Dots", "A line with a dot alone:\n.\nTwo:\n..\nHidden:\n..hidden\n.profile\nThe end.\n.\n",
            headers="X-Note: a server that does not double these dots ends the message too early\n",
        ),
        Letter(
            "Till 3 <till@quarry.example>", "Day's end", "Sales 214.50\nShells 12\nTotal 226.50", message_id="",
            stored=without_last_line_end,
        ),
        Letter(
            SLATE, "One more thing", "From now on " + "we count every pebble, " * 90 + "and you start.\n",
            encoding="7bit",
        ),
        Letter(
            "Old Mailer <robot@slate.example>", "Weekly report", "All machines are awake.\n",
            message_id="Message-ID: <{id}@slate.example> <{id}.again@slate.example>\n",
        ),
        Letter(
            "Granite & Sons <orders@granite.example>",
            "Your order 2026-118: forty slabs of granite, polished on one side, delivery by dinosaur on Thursday",
            "It is on its way.\n",
            to=f"{FRED}, {BARNEY}, {WILMA}, {BETTY}, {SLATE}",
            headers="Return-Path: <orders@granite.example>\nDelivered-To: fred@bedrock.example\n"
            "Received: from relay.bedrock.example (relay.bedrock.example [192.0.2.25])\n"
            "\tby mail.bedrock.example (Postfix) with ESMTPS id 4Zd1k2\n\tfor <fred@bedrock.example>;"
            " Thu, 19 Nov 2026 06:30:12 +0000 (UTC)\n"
            "Received: from granite.example ([198.51.100.7])\n\tby relay.bedrock.example with esmtp (Exim 4.98)\n"
            "\tid 1tQ0aX-0003; Thu, 19 Nov 2026 06:30:09 +0000\n"
            "Received: by granite.example (Postfix, from userid 1000)\n\tid 9F2; Thu, 19 Nov 2026 07:30:07 +0100\n",
        ),
        Letter(WILMA, "(no words)", ""),
    ),
    "wilma": (
        Letter(FRED, "Late tonight", "The crane is asleep. I have to wake it.\n\nFred\n"),
        Letter(BETTY, "Recipe", "Two eggs of whatever lays them, one hour over the fire, salt.\n\nBetty\n"),
        Letter("Haruko <haruko@ishiya.example>", "お茶会のご案内", "ウィルマ様\n\n金曜日にお茶会をします。\n\n春子\n",
               encoding="base64"),
        Letter("Käthe Stein <kaethe@stein.example>", "Schöne Grüße aus den Bergen",
               "Liebe Wilma,\n\nhier gibt es Käse, Höhlen und sehr viel Regen.\n\nDeine Käthe\n", encoding="8bit"),
        Letter("School <school@bedrock.example>", "Pebbles: list for the trip", "Please pack what the list says.\n",
               (attached("packing-list.csv", "text/csv", b"thing,number\nclub,1\nwarm fur,2\n"),), stored=with_crlf),
        Letter(PRINTER, "Scan from PRN-2F", "Your scan is attached.\n", (picture("scan-0007.png", 240, 240, 230),),
               message_id=""),
        Letter(BARNEY, "Surprise for Fred", "Do not tell him. See the card.\n",
               (html("<p>Do <b>not</b> tell him. See the card.</p>\n"), picture("card.png", 60, 120, 220))),
        Letter(FRED, "Bowling: who pays?", "It says here that I do.\n",
               headers=reply("bowling-1", "bowling-2", "bowling-3", "bowling-4"), message_id=named("bowling-6")),
        Letter("Village hall <hall@bedrock.example>", "Invitation: choir", "Sunday, 17:00. Bring your voice.\n",
               (invitation("Choir", "20261129T170000Z", "20261129T183000Z"),)),
        Letter("The Daily Slab <news@slab.example>", "Ten ways to light a fire", "Number four is a surprise.\n",
               headers="List-Id: <daily.slab.example>\nList-Unsubscribe: <mailto:leave@slab.example>\n"),
        Letter(LODGE, "[lodge] Re: Hats", "Wives mend hats, it was said. Wives do not.\n", headers=LODGE_LIST),
        Letter(BETTY, "Shopping", "milk\n.\nbread\n..\nand that is all\n"),
    ),
    "barney": (
        Letter(FRED, "My lunch", "I hear you have my lunch.\n\nFred\n"),
        Letter(SLATE, "Time sheet", "Rubble, the time sheet is due on Friday.\n\nSlate\n"),
        Letter(TICKETS, "[Quarry #4712] Wheel is square", "Ticket 4712 was opened by you.\n",
               headers="Auto-Submitted: auto-generated\nX-Ticket: 4712\n", stored=with_crlf),
        Letter("André Caillou <andre@carriere.example>", "Les pièces sont arrivées",
               "Salut Barney,\n\nles pièces sont là, emballées dans de la fougère.\n\nAndré\n",
               charset="iso-8859-1", encoding="quoted-printable"),
        Letter(BETTY, "Photo of the dog", "He is bigger now.\n", (picture("dog.png", 120, 80, 200),)),
        Letter(WILMA, "Surprise for Fred", "He knows. You told him.\n", stored=without_last_line_end),
    ),
    # At the second server
    "pearl": (
        Letter(WILMA, "Sunday", "Mother,\n\ncome at four. Fred does not know yet.\n\nWilma\n"),
        Letter("Slaghoople Family <family@slaghoople.example>", "Réunion de famille",
               "Chère Pearl,\n\ntout le monde sera là. Même Fred.\n", encoding="quoted-printable"),
        Letter(FRED, "Re: Sunday", "What is on Sunday?\n\nFred\n"),
    ),
    "george": (
        Letter(FRED, "Gravel figures for October", "The third line is the dinosaur.\n\nFred\n",
               (attached("dinosaur.csv", "text/csv", b"day,broken\nMonday,1\nTuesday,1\n"),)),
        Letter(PRINTER, "Scan from PRN-2F", "Your scan is attached.\n", (picture("scan-0008.png", 240, 240, 230),),
               message_id=""),
    ),
}


def letters(user: str) -> Iterator[bytes]:
    """The letters to a user, as they are delivered, oldest first."""
    for number, letter in enumerate(LETTERS.get(user, ())):
        to = f"{user.capitalize()} <{user}@bedrock.example>"
        yield written(letter, to, FIRST + number * APART, f"{user}-{number + 1}")
