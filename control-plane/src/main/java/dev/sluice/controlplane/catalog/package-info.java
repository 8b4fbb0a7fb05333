/**
 * The catalog: what the control plane knows of projects, branches, endpoints, roles, databases and
 * operations, in an embedded H2 database inside the data folder. {@link
 * dev.sluice.controlplane.catalog.Catalog} is the one door to it.
 */
@NullMarked
package dev.sluice.controlplane.catalog;

import org.jspecify.annotations.NullMarked;
