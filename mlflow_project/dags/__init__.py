"""The DAGs of Airflow, one a model folder, and the parts that they are made of; Airflow and boto3 suffice."""
