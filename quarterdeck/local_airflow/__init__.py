"""An Airflow of this machine: short-lived for `quarterdeck run`, or kept up for its page by `quarterdeck up`."""
