package dev.sluice.storage.postgres.v17.redo;

/**
 * One fault to plant.
 *
 * @param className the class it is in, with dots
 * @param method which of the class's methods, by its place in the class file
 * @param instruction which of the method's instructions, from 0
 * @param site a number for the instruction among all those of all classes
 * @param where for people: class, method and line
 */
record Mutant(
        String className, int method, int instruction, int site, Mutation mutation, String where) {

    /** The class's name alone. */
    String simpleClass() {
        return className.substring(className.lastIndexOf('.') + 1);
    }

    @Override
    public String toString() {
        return where + ": " + mutation;
    }
}
