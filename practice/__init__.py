"""The practice site: a stand-in for the Registraduría's census page and for a captcha service, with invented people.

A process of its own for demos, training and tests. It imports nothing of the product and no Django, so that what the
product believes about the real site is checked against something that was written apart from it.

Start reading at `server.py`; `moods.py` is the table of everything that the site can do to a visitor.
"""
