package dev.sluice.storage.postgres.v17.redo;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.ReturnInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Redo's classes, and every fault that could be planted in them. Left out is code that only makes
 * an error's text: a run of instructions that ends in a throw.
 */
final class MutantCatalog {
    private static final List<String> PACKAGES =
            List.of(
                    "dev.sluice.storage.postgres.v17.redo",
                    "dev.sluice.storage.redo.change",
                    "dev.sluice.storage.page");

    /** Constants' values, and what the compiler makes of enums. */
    private static final Set<String> NOT_OURS = Set.of("<clinit>", "$values", "values", "valueOf");

    private final Map<String, byte[]> classes = new TreeMap<>();
    private final Map<String, byte[]> sound = new HashMap<>();
    private final List<Mutant> mutants = new ArrayList<>();
    private int sites;

    private MutantCatalog() {}

    static MutantCatalog ofRedo() throws IOException {
        MutantCatalog catalog = new MutantCatalog();
        Path root = mainClasses();
        for (String name : PACKAGES) {
            try (Stream<Path> files = Files.list(root.resolve(name.replace('.', '/')))) {
                for (Path file : files.sorted().toList()) {
                    String fileName = file.getFileName().toString();
                    if (fileName.endsWith(".class") && !fileName.equals("package-info.class")) {
                        catalog.add(name + "." + fileName.replace(".class", ""), file);
                    }
                }
            }
        }
        return catalog;
    }

    private static Path mainClasses() throws IOException {
        try {
            return Path.of(
                    Redo17.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private void add(String className, Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readAllBytes();
        }
        classes.put(className, bytes);
        ClassModel model = ClassFile.of().parse(bytes);
        for (int i = 0; i < model.methods().size(); i++) {
            MethodModel method = model.methods().get(i);
            if (method.code().isPresent()
                    && !NOT_OURS.contains(method.methodName().stringValue())) {
                add(className, i, method, method.code().get());
            }
        }
    }

    private void add(String className, int method, MethodModel model, CodeModel code) {
        List<CodeElement> elements = code.elementList();
        int instruction = 0;
        int line = 0;
        for (int i = 0; i < elements.size(); i++) {
            CodeElement element = elements.get(i);
            if (element instanceof LineNumber number) {
                line = number.line();
            }
            if (!(element instanceof Instruction)) {
                continue;
            }
            List<Mutation> mutations = Mutation.of(element);
            if (!mutations.isEmpty() && !endsInThrow(elements, i)) {
                String simple = className.substring(className.lastIndexOf('.') + 1);
                String where = simple + "." + model.methodName() + ":" + line;
                for (Mutation mutation : mutations) {
                    mutants.add(new Mutant(className, method, instruction, sites, mutation, where));
                }
                sites++;
            }
            instruction++;
        }
    }

    private static boolean endsInThrow(List<CodeElement> elements, int from) {
        for (CodeElement element : elements.subList(from, elements.size())) {
            if (element instanceof Instruction instruction) {
                if (instruction.opcode() == Opcode.ATHROW) {
                    return true;
                }
                if (instruction instanceof BranchInstruction
                        || instruction instanceof ReturnInstruction) {
                    return false;
                }
            }
        }
        return false;
    }

    /** Class files by class name. */
    Map<String, byte[]> classes() {
        return classes;
    }

    /** Classes without a fault as the loader has rewritten them: every mutant needs them again. */
    Map<String, byte[]> sound() {
        return sound;
    }

    List<Mutant> mutants() {
        return mutants;
    }

    /** How many instructions there are that can be got wrong; {@link Mutant#site} is below. */
    int sites() {
        return sites;
    }
}
