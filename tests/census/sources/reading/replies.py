"""Replies of the AJAX page in the shape that was captured, with invented contents, for tests to change."""

import json

CEDULA = "19000001"

FOUND = (
    "<div class='table-responsive'><table id='consulta' class='display responsive table table-bordered table-striped'>"
    "<thead><tr><th class='text-center'>NUIP</th><th class='text-center'>DEPARTAMENTO</th>"
    "<th class='text-center'>MUNICIPIO</th><th class='text-center'>PUESTO</th><th class='text-center'>DIRECCIÓN</th>"
    "<th class='text-center'>MESA</th></tr></thead><tbody><tr><td data-th='NUIP'>19000001</td>"
    "<td data-th='DEPARTAMENTO'>NARIÑO</td><td data-th='MUNICIPIO'>EL PEÑOL</td>"
    "<td data-th='PUESTO'>IE LA ESPERANZA</td><td data-th='DIRECCIÓN'>CL 3 No. 4-15</td>"
    "<td data-th='MESA' class='text-center'><b>7</b></td></tr></tbody></table></p></div>"
    "<h3><b>Señor Ciudadano:</b></h3><h4 style='font-weight: 400 !important;'>Si usted realizó su trámite de "
    "inscripción, recuerde que éste se verá reflejado una vez sea validado.</h4>"
)

NOVEDAD = (
    "<div class='table-responsive'><table id='consulta'><thead><tr><th>NUIP</th><th>NOVEDAD</th><th>RESOLUCIÓN</th>"
    "<th>FECHA NOVEDAD</th></tr></thead><tbody><tr><td data-th='NUIP'>19000001</td>"
    "<td data-th='NOVEDAD'>Cancelada por Muerte</td><td data-th='RESOLUCIÓN'>123</td>"
    "<td data-th='FECHA NOVEDAD'>01/02/2003</td></tr></tbody></table></p></div>"
)

NOT_FOUND = "El documento de identidad número 19000001 no se encuentra en el censo para esta elección."

BLOCK_PAGE = (
    "<!DOCTYPE html><html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please "
    "consult with your administrator.<br>Your support ID is: 1234567890123456789<br>"
    "<a href='javascript:history.back();'>[Go Back]</a></body></html>"
)


def success(message: str) -> str:
    """Wrap the HTML of an answer as the site does."""
    return json.dumps({"success": True, "data": {"message": message}}).replace("/", "\\/")


def refusal(message: str) -> str:
    """Wrap a complaint as the site does."""
    return json.dumps({"success": False, "data": {"message": message}})
