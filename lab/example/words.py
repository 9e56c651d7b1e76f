"""The words that the rows of the example are made of."""

HARBOURS = (
    *("Oudezand", "Kliffsund", "Måkevik", "Port Ardán", "Sankt Olven", "Żabi Port", "Harlesiel Nord"),
    *("Quay O'Brien", "Île-aux-Phoques", "Strandby", "Saltholm", "Vesterhavn"),
)
FIRST_NAMES = (
    *("Aafke", "Björn", "Chloé", "Dagny", "Ewa", "Finlay", "Gašper", "Hanne", "Íris", "Jurrien", "Kári"),
    *("Łucja", "Mette", "Niamh", "Ørjan", "Pelle", "Quinten", "Rūta", "Siân", "Tjark", "Ulrika", "Väinö"),
    *("Wiebke", "Žofia"),
)
LAST_NAMES = (
    *("Aalbers", "Brandvold", "Çelik", "de Wit", "Eklund", "Fjeldstad", "Grünwald", "Halonen", "Iversen"),
    *("Jansen", "Kowalski", "Lindqvist", "MacLeod", "Núñez", "O'Sullivan", "Pärt", "Quist", "Rasmussen"),
    *("Štěpánek", "Þórsson"),
)
BOAT_NAMES = (
    *("Albatros", "Brisa", "Cormorán", "Dwaallicht", "Eider", "Fata Morgana", "Gullfaxi", "Havfruen"),
    *("Ijsvogel", "Jonas & Co", "Kittiwake", "Lady \\ Luck", "Meermin", "Nøkken", "Ocean's 11", "NULL"),
    *("Petrel", "Quo vadis?", "Risør", "Sula", "Tern", "Undine", "Vliegende Vis", "Wave % 2", "🐬 Delfin"),
    "Zeeleeuw",
)
CLASSES = (
    ("DING", "dinghy", "sail"),
    ("KAYA", "sea kayak", "paddle, kneeling"),
    ("KEEL", "keelboat", "sail"),
    ("LNCH", "launch", "motor"),
    ("PUNT", "punt", "oar"),
    ("RAFT", "raft", "it's towed"),
    ("RIB6", "rigid inflatable", "motor"),
    ("SLOP", "sloop", "sail"),
)
EXTRAS = (
    *("picnic", "fishing rod", "life vest, child", "chart of the coast", "hot chocolate ☕", "wet suit"),
    "",
)
MESSAGES = (
    "radio check",
    "mayday relay, all clear",
    "engine won't start\nrequest tow",
    "fog bank\tvisibility 200 m 🌫️",
    "NULL",
    "\\N",
    "harbour full; anchoring outside",
    'said "over" twice',
)
NOTES = (
    "prefers mornings 🌅",
    "swims well",
    "pays late — remind by letter",
    "allergic to peanuts; knows the way\nasks for the same boat",
    "says: \"l'été, c'est la mer\"",
    "семья из пяти человек",
    "船が大好き ⛵",
)
SEASONS = ("low", "high", "shoulder", "Christmas 🎄", "regatta week")
