package dev.sluice.gateway.pooling;

/** Whose server connections may stand in for each other. */
record PoolKey(String endpointId, String database, String role) {}
