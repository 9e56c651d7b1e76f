"""The rows of the example, made by a generator with a fixed seed."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import product

from lab.example import words

Row = tuple[object, ...]
Rows = Iterator[Row]

HARBOURS = len(words.HARBOURS)
SKIPPERS = 60
BOATS = 150
CUSTOMERS = 1500
BOOKINGS = 3600
PAYMENTS = 3200
PRICES = 40
TIDES_PER_HARBOUR = 600
RADIO_CALLS = 1500
EPOCH = datetime(2019, 3, 1, 6, 0)


def harbours(rng: random.Random) -> Rows:
    for number, name in enumerate(words.HARBOURS, 1):
        latitude, longitude = f"{rng.uniform(51, 63):.6f}", f"{rng.uniform(-9, 18):.6f}"
        opened = rng.choice([None, 1901, rng.randint(1920, 2019)])
        country = rng.choice(["NL", "NO", "DK", "IE", "PL"])
        notes = maybe(rng, rng.choice(words.NOTES))
        yield number, name, country, latitude, longitude, opened, "07:30:00", "21:15:00", notes


def boat_classes(rng: random.Random) -> Rows:
    equipment = ("vests", "anchor", "radio", "flares", "sounder", "galley")
    for code, name, propulsion in words.CLASSES:
        chosen = ",".join(item for item in equipment if rng.random() < 0.5)
        yield code, name, propulsion, chosen, f"{rng.uniform(0, 2000):.2f}", maybe(rng, rng.randbytes(900))


def skippers(rng: random.Random) -> Rows:
    for number in range(1, SKIPPERS + 1):
        mentor = rng.randint(1, number - 1) if number > 5 and rng.random() < 0.7 else None
        since = date(1990, 1, 1) + timedelta(days=rng.randint(0, 12000))
        yield number, full_name(rng), rng.choice(["A", "B", "C", None]), mentor, since, rng.uniform(80, 400)


def boats(rng: random.Random) -> Rows:
    for number in range(1, BOATS + 1):
        specification = {
            "hull": rng.choice(["wood", "steel", "grp"]),
            "sails": [round(rng.uniform(4, 60), 1) for _ in range(rng.randint(0, 3))],
            "motto": rng.choice(words.NOTES),
            "refit": maybe(rng, {"year": rng.randint(1990, 2024), "cost": rng.randint(1, 2**40)}),
        }
        written = json.dumps(specification, ensure_ascii=False)
        bought = EPOCH - timedelta(minutes=rng.randint(0, 4_000_000))
        yield (
            *(number, rng.choice(words.CLASSES)[0], maybe(rng, rng.randint(1, HARBOURS))),
            *(rng.choice(words.BOAT_NAMES), rng.randint(0, 1), rng.randrange(1 << 12).to_bytes(2, "big")),
            *(rng.uniform(2, 18), maybe(rng, rng.uniform(0.1, 3)), rng.randrange(1 << 24)),
            *(rng.randint(1901, 2024), maybe(rng, written), f"{rng.uniform(5, 300):.2f}", bought),
        )


def customers(rng: random.Random) -> Rows:
    for number in range(1, CUSTOMERS + 1):
        born = date(1930, 1, 1) + timedelta(days=rng.randint(0, 28000))
        joined = EPOCH + timedelta(milliseconds=rng.randrange(150_000_000_000))
        yield (
            *(number, f"customer{number}@example.org", full_name(rng), maybe(rng, born), rng.randrange(256)),
            *(f"{rng.uniform(-500, 5000):.4f}", rng.choice([0, 1, None])),
            *(maybe(rng, rng.choice(words.NOTES) * rng.randint(1, 3)), joined),
        )


def bookings(rng: random.Random) -> Rows:
    states = ("asked", "confirmed", "under way", "back", "back", "back", "cancelled")
    for number in range(1, BOOKINGS + 1):
        starts = EPOCH + timedelta(minutes=30 * rng.randint(0, 90_000))
        lasts = rng.choice(["02:00:00", "04:30:00", "00:45:00", "72:00:00", "336:15:30"])
        booked = starts - timedelta(microseconds=rng.randrange(10**12))
        yield (
            *(number, rng.randint(1, CUSTOMERS), rng.randint(1, BOATS), maybe(rng, rng.randint(1, SKIPPERS))),
            *(starts, lasts, rng.choice(states), f"{rng.uniform(10, 4000):.2f}", maybe(rng, booked)),
        )


def booking_extras(rng: random.Random) -> Rows:
    for booking in range(1, BOOKINGS + 1):
        for number in range(1, rng.choice([0, 0, 1, 2]) + 1):
            yield booking, number, rng.choice(words.EXTRAS), rng.randint(1, 12)


def payments(rng: random.Random) -> Rows:
    for number in range(1, PAYMENTS + 1):
        reference = maybe(rng, number.to_bytes(4, "big") + rng.randbytes(rng.randint(0, 12)))
        # Ends in zero bytes, which the binlog omits from a binary(n).
        fingerprint = rng.randbytes(5) + b"\0\0\0"
        paid = EPOCH + timedelta(seconds=rng.randrange(150_000_000))
        yield (
            *(number, maybe(rng, rng.randint(1, BOOKINGS)), rng.randint(1, CUSTOMERS)),
            *(f"{rng.uniform(1, 900):.2f}", rng.choice(["cash", "card", "transfer", "voucher"])),
            *(reference, fingerprint, paid),
        )


def inspections(rng: random.Random) -> Rows:
    for boat in range(1, BOATS + 1):
        for year in range(2019, 2019 + rng.randint(0, 5)):
            day = date(year, rng.randint(1, 12), rng.randint(1, 28))
            checks = maybe(rng, rng.randrange(8).to_bytes(1, "big"))
            report = maybe(rng, "\n".join(rng.choices(words.NOTES, k=rng.randint(1, 40))))
            photo = maybe(rng, rng.randbytes(rng.choice([0, 64, 2000])))
            yield boat, day, rng.randint(0, 1), checks, report, photo


def tides(rng: random.Random) -> Rows:
    for number, harbour in product(range(TIDES_PER_HARBOUR), range(1, HARBOURS + 1)):
        at = EPOCH + timedelta(minutes=373 * number + 17 * harbour)
        high = number % 2
        height = f"{rng.uniform(2, 4) if high else rng.uniform(-2, 1):.2f}"
        yield harbour, at, height, rng.gauss(0, 1.5), bytes([high])


def radio_calls(rng: random.Random) -> Rows:
    for _ in range(RADIO_CALLS):
        heard = EPOCH + timedelta(seconds=rng.randrange(400))
        message = maybe(rng, rng.choice(words.MESSAGES))
        yield heard, maybe(rng, rng.randint(1, 4)), rng.choice([16, 72]), message


def prices(rng: random.Random) -> Rows:
    sizes = [f"{size / 2:.1f}" for size in range(6, 14)]
    for number, (season, size) in enumerate(product(words.SEASONS, sizes), 1):
        yield number, season, size, f"{rng.uniform(5, 300):.2f}", maybe(rng, rng.randint(-(2**31), 2**31 - 1))


def full_name(rng: random.Random) -> str:
    return f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}"


def maybe(rng: random.Random, value: object) -> object:
    """Return the value, or one time in six none."""
    return None if rng.random() < 1 / 6 else value


GENERATORS: dict[str, Callable[[random.Random], Rows]] = {
    "harbour": harbours,
    "boat_class": boat_classes,
    "skipper": skippers,
    "boat": boats,
    "customer": customers,
    "booking": bookings,
    "booking_extra": booking_extras,
    "payment": payments,
    "inspection": inspections,
    "tide": tides,
    "radio_log": radio_calls,
    "Price List": prices,
}
