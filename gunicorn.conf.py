"""What gunicorn reads by itself when it is started here: access logs, where somebody turns them on, without queries.

A query may hold what somebody searched for, and a referrer the query of the page before.
"""

access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(L)ss'
