/**
 * Projects, branches, endpoints and roles, and what is done to them. {@link
 * dev.sluice.controlplane.project.Projects} makes and branches them, {@link
 * dev.sluice.controlplane.project.Endpoints} wakes and suspends their computes, {@link
 * dev.sluice.controlplane.project.Roles} knows who may log in.
 */
@NullMarked
package dev.sluice.controlplane.project;

import org.jspecify.annotations.NullMarked;
