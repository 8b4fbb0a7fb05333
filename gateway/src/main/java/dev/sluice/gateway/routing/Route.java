package dev.sluice.gateway.routing;

/** The endpoint that a client means, and the project it belongs to. */
public record Route(String endpointId, String projectId) {}
