# Image of Darkroom: docs/containers.md, docs/decisions/0063-container-image.md.
# Build: docker build --build-arg REVISION="$(git rev-parse HEAD)" --tag darkroom:0.1.0 .

ARG JDK_IMAGE=eclipse-temurin:25.0.3_9-jdk-noble
ARG RUNTIME_IMAGE=gcr.io/distroless/base-nossl-debian13:nonroot

FROM ${JDK_IMAGE} AS build
# The Maven wrapper checks the checksum of a zip file. The version of unzip does not matter: nothing of this stage but the jar remains.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends unzip \
    && rm -rf /var/lib/apt/lists/*
# A user with a name, because the last step starts a PostgreSQL.
RUN useradd --uid 10001 --user-group --create-home build \
    && mkdir -p /build /opt/darkroom /var/lib/darkroom \
    && chown build:build /build /opt /opt/darkroom /var/lib/darkroom
USER 10001:10001
ENV HOME=/home/build
WORKDIR /build
COPY --chown=10001:10001 . .
RUN --mount=type=cache,target=/home/build/.m2,uid=10001,gid=10001 \
    ./mvnw --batch-mode --no-transfer-progress -Dmaven.test.skip -Dclass.data.archive.skip package \
    && cp --preserve=timestamps target/darkroom.jar /opt/darkroom/darkroom.jar

# The modules that the classes name, then those that are looked up by name: DNS for JNDI, jcmd and its agent for diagnosis.
RUN jlink --add-modules "$(jdeps --multi-release 25 --ignore-missing-deps --print-module-deps /opt/darkroom/darkroom.jar),jdk.naming.dns,jdk.jcmd,jdk.management.agent" \
        --strip-debug --no-header-files --no-man-pages --compress zip-6 --output /opt/jre \
    && /opt/jre/bin/java -Xshare:dump

# Records the classes that a start loads. The archive is valid for this jar and this JVM at these paths only.
WORKDIR /tmp/record
RUN sed -e 's#=target/darkroom.jsa#=/opt/darkroom/darkroom.jsa#' -e 's#^-Xmx.*#-XX:MaxRAMPercentage=50#' /build/conf/jvm.options > /opt/darkroom/jvm.options \
    && /opt/jre/bin/java -XX:ArchiveClassesAtExit=/opt/darkroom/darkroom.jsa -Xlog:cds=off,cds+dynamic=off \
        -jar /opt/darkroom/darkroom.jar serve --stop-when-ready \
    && rm -rf data

FROM ${RUNTIME_IMAGE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Darkroom" \
      org.opencontainers.image.description="Service that queues, retries and stores the generation of images by AI servers." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/jre /opt/jre
COPY --from=build /opt/darkroom /opt/darkroom
COPY --from=build --chown=10001:10001 /var/lib/darkroom /var/lib/darkroom
ENV PATH=/opt/jre/bin:/usr/bin:/bin \
    DARKROOM_HTTP_HOST=0.0.0.0 \
    DARKROOM_MANAGEMENT_HOST=0.0.0.0 \
    DARKROOM_DATA_DIR=/var/lib/darkroom
USER 10001:10001
WORKDIR /var/lib/darkroom
VOLUME /var/lib/darkroom
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["/opt/jre/bin/java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx16m", "-cp", "/opt/darkroom/darkroom.jar", "dev.darkroom.cli.HealthProbe"]
ENTRYPOINT ["/opt/jre/bin/java", "@/opt/darkroom/jvm.options", "-jar", "/opt/darkroom/darkroom.jar"]
CMD ["serve"]
