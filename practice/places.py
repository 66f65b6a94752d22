"""The words that invented voting places are made of. The municipios exist; everything else is invented.

The spelling follows the Registraduría's DIVIPOLE list: mostly upper case, few accents, shortened departamentos, all
kinds of punctuation. There a puesto has at most 42 characters and an address at most 52.
"""

MUNICIPIOS: tuple[tuple[str, str, int], ...] = (
    # departamento, municipio, how many urban puestos it has here
    ("ANTIOQUIA", "MEDELLIN", 24),
    ("ANTIOQUIA", "BELLO", 10),
    ("ANTIOQUIA", "SANTAFE DE ANTIOQUIA", 3),
    ("ATLANTICO", "BARRANQUILLA", 20),
    ("ATLANTICO", "SOLEDAD", 10),
    ("BOGOTA D.C.", "BOGOTA. D.C.", 30),
    ("BOLIVAR", "CARTAGENA", 16),
    ("BOLIVAR", "MAGANGUE", 5),
    ("BOYACA", "TUNJA", 8),
    ("BOYACA", "VILLA DE LEYVA", 2),
    ("CALDAS", "MANIZALES", 10),
    ("CAQUETA", "FLORENCIA", 6),
    ("CAUCA", "POPAYAN", 8),
    ("CESAR", "VALLEDUPAR", 10),
    ("CHOCO", "QUIBDO", 6),
    ("CORDOBA", "MONTERIA", 10),
    ("CORDOBA", "CHINÚ", 3),
    ("CUNDINAMARCA", "SOACHA", 10),
    ("CUNDINAMARCA", "ZIPAQUIRA", 5),
    ("HUILA", "NEIVA", 9),
    ("LA GUAJIRA", "RIOHACHA", 6),
    ("MAGDALENA", "SANTA MARTA", 9),
    ("META", "VILLAVICENCIO", 9),
    ("NARIÑO", "PASTO", 9),
    ("NORTE DE SAN", "CUCUTA", 12),
    ("NORTE DE SAN", "OCAÑA", 4),
    ("QUINDIO", "ARMENIA", 8),
    ("RISARALDA", "PEREIRA", 10),
    ("SANTANDER", "BUCARAMANGA", 12),
    ("SANTANDER", "BARICHARA", 2),
    ("SUCRE", "SINCELEJO", 8),
    ("TOLIMA", "IBAGUE", 10),
    ("VALLE", "CALI", 24),
    ("VALLE", "PALMIRA", 8),
    ("AMAZONAS", "LETICIA", 3),
    ("SAN ANDRES", "SAN ANDRES", 3),
)

CITIES_WITH_BIG_PUESTO = {"BOGOTA. D.C.": 263, "MEDELLIN": 118, "CALI": 104, "BARRANQUILLA": 61}
"""Municipios that have a "puesto censo" (zone 90) here, with its number of mesas."""

CONSULADOS: tuple[tuple[str, str, str], ...] = (
    # country, city (which is the puesto), address
    ("ALEMANIA", "BERLIN", "TAUBENSTR. 900, 3. OG"),
    ("ESPAÑA", "MADRID", "C/ DE LOS CEREZOS, N° 480 BIS"),
    ("ESTADOS UNIDOS", "MIAMI", "4800 PALMETTO GARDEN AVE. SUITE # 12"),
    ("MEXICO", "CIUDAD DE MEXICO", "PASEO DE LOS TULIPANES 1379, P.B."),
    ("CHILE", "SANTIAGO DE CHILE", "AV. LAS LENGAS 9120, OF. 31"),
    ("VENEZUELA", "SAN ANTONIO DEL TACHIRA", "CRA. 11 ESQ. CALLE 17, QTA. LOS SAUCES"),
)

URBAN_NAMES = (
    "LA CEIBA FLORIDA",
    "LOS GUAYACANES",
    "NUESTRA SEÑORA DEL ALBA",
    "EL SAMAN",
    "VILLA DE LOS VIENTOS",
    "SAN ISIDRO DEL RIO",
    "LAS ACACIAS",
    "NUEVO AMANECER",
    "EL TURPIAL",
    "SANTA LUCIA DE LA SIERRA",
    "ALTOS DEL MIRADOR",
    "LA ESPERANZA N° 2",
    "NIÑO DEL BUEN CAMINO",
    "LOS ARAUCOS",
    "EL CARACOLÍ",
    "PUERTA DEL SOL",
    "LA MARÍA",
    "JARDÍN DE LOS ALPES",
    "TRES ESQUINAS",
    "LA PEÑA",
    "EL PALMAR DEL NORTE",
    "MONTEBELLO",
    "LOS COMUNEROS DEL LLANO",
    "BRISAS DEL MAYO",
    "LA QUINTA",
    "SAN RAFAEL C I P",
    "EL TRÉBOL",
    "VILLA OLÍMPICA",
    "LOS ALMENDROS",
    "PRIMERO DE AGOSTO",
    "EL YARUMO",
    "LA CORDIALIDAD",
)

URBAN_FORMS = (
    "IE {}",
    "I.E. {}",
    "INST. EDUC. {}",
    "COL. {}",
    "COLEGIO {}",
    "ESC. {} #2",
    "LICEO {}",
    "COLISEO {}",
    "CASA CULTURA {}",
    "SALON COMUNAL {}",
)

RURAL_NAMES = (
    "EL PORVENIR",
    "AGUA CLARA",
    "LOS NARANJOS",
    "PALO ALTO",
    "LA UNIÓN",
    "QUEBRADA HONDA",
    "CAÑO SECO",
    "BUENAVISTA",
    "EL SALADO",
    "LAS PAVAS",
    "PEÑAS BLANCAS",
    "EL RECREO",
)

RURAL_FORMS = ("CORREG. {}", "VDA. {}", "INSP. POL. {}", "{} (RURAL)", "CASERIO {}", 'ESC. RUR. "{}"')

RURAL_ADDRESSES = (
    "ESC RURAL {}",
    "CASETA COMUNAL {}",
    "KM {} VIA PRINCIPAL",
    "IE RURAL MIXTA {}, SEDE UNICA",
    "FRENTE A LA CANCHA DE {}",
)

STREETS = (
    "CL {a} No. {b}A-{c}",
    "CRA {a} # {b} - {c}",
    "KR {a} N° {b}-{c}",
    "CALLE {a} No {b}-{c} B/ CENTRO",
    "AV. {a} NORTE # {b}N-{c}",
    "DG {a} SUR # {b}-{c}",
)

ODD_STREETS = (
    "TV {a}¨ {b} {c} ESQ.",
    "DG {a} SUR*{b}-{c}",
    "MZ {a} LT {b} ET. {c} & ANEXO",
    "CRA {a}' # {b}+{c}: BLQ. 1/2",
)
"""With unusual characters, as few addresses of the list have: every program must cope with them."""
