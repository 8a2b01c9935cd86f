#!/bin/bash
# Stands in for the entrypoint of Spark's images, which no package carries: the same words make the
# same commands (spark.apache.org/docs/4.0.5/running-on-kubernetes.html; read from a running image).
set -euo pipefail

# The folder of configuration comes before everything else, the working directory last
# (apache/spark-docker, 4.0.0/scala2.13-java17-ubuntu/entrypoint.sh).
classpath="${SPARK_CONF_DIR:-$SPARK_HOME/conf}:${SPARK_CLASSPATH:-}:$SPARK_HOME/jars/*:$PWD:"
case "$1" in
  driver)
    shift
    exec "$SPARK_HOME/bin/spark-submit" --deploy-mode client \
      --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" "$@"
    ;;
  executor)
    options=()
    while IFS= read -r option; do
      options+=("${option#*=}")
    done < <(env | grep '^SPARK_JAVA_OPT_' | sort -t_ -k4 -n)
    # The tier's own options come as for spark-submit; word by word.
    # shellcheck disable=SC2086
    exec "$JAVA_HOME/bin/java" ${SPARK_SUBMIT_OPTS:-} "${options[@]}" \
      "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" -cp "$classpath" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" \
      --cores "$SPARK_EXECUTOR_CORES" --app-id "$SPARK_APPLICATION_ID" \
      --hostname "$SPARK_EXECUTOR_POD_IP" --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
      --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  *) exec "$@" ;;
esac
