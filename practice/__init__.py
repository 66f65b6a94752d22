"""The practice site: it simulates the Registraduría's census page and a captcha service, with invented people.

It runs as a process of its own, for demos, training and tests. It imports neither Django nor the product: what the
product assumes about the real site is checked against code that was written separately.

Start reading at `server.py`. `moods.py` is the table of everything that the site can do to a request.
"""
