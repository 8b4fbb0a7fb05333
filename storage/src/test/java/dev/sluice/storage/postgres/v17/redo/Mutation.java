package dev.sluice.storage.postgres.v17.redo;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A way to get one instruction of compiled code wrong: what a slip of the keyboard makes of it. */
enum Mutation {
    ONE_MORE("constant + 1") {
        @Override
        boolean fits(Instruction instruction) {
            return isInt(instruction) || instruction instanceof IncrementInstruction;
        }

        @Override
        void write(CodeBuilder code, Instruction instruction) {
            writeChanged(code, instruction, 1);
        }
    },
    ONE_LESS("constant - 1") {
        @Override
        boolean fits(Instruction instruction) {
            return isInt(instruction);
        }

        @Override
        void write(CodeBuilder code, Instruction instruction) {
            writeChanged(code, instruction, -1);
        }
    },
    /** Of {@code a | FLAG} and {@code a & MASK} what is left is {@code a}. */
    OPERAND_DROPPED("| or & dropped") {
        @Override
        boolean fits(Instruction instruction) {
            return instruction.opcode() == Opcode.IOR || instruction.opcode() == Opcode.IAND;
        }

        @Override
        void write(CodeBuilder code, Instruction instruction) {
            code.pop();
        }
    },
    NEGATED("condition negated") {
        @Override
        boolean fits(Instruction instruction) {
            return instruction instanceof BranchInstruction
                    && OPPOSITE.containsKey(instruction.opcode());
        }

        @Override
        void write(CodeBuilder code, Instruction instruction) {
            BranchInstruction branch = (BranchInstruction) instruction;
            code.branch(opposite(branch), branch.target());
        }
    },
    /** An operator becomes its opposite. */
    OPERATOR("operator reversed") {
        @Override
        boolean fits(Instruction instruction) {
            return instruction instanceof OperatorInstruction
                    && OPPOSITE.containsKey(instruction.opcode());
        }

        @Override
        void write(CodeBuilder code, Instruction instruction) {
            switch (opposite(instruction)) {
                case ISUB -> code.isub();
                case IADD -> code.iadd();
                case IDIV -> code.idiv();
                case IMUL -> code.imul();
                case ISHL -> code.ishl();
                case ISHR -> code.ishr();
                case IUSHR -> code.iushr();
                case LADD -> code.ladd();
                case LSUB -> code.lsub();
                default -> throw new AssertionError(instruction);
            }
        }
    },
    /** A method of ours that returns nothing is not called. */
    CALL_DROPPED("call dropped") {
        @Override
        boolean fits(Instruction instruction) {
            return instruction instanceof InvokeInstruction call
                    && call.opcode() != Opcode.INVOKESPECIAL
                    && call.owner().asInternalName().startsWith("dev/sluice/storage/")
                    && call.typeSymbol().returnType().equals(ConstantDescs.CD_void);
        }

        @Override
        void write(CodeBuilder code, Instruction instruction) {
            InvokeInstruction call = (InvokeInstruction) instruction;
            List<ClassDesc> arguments = call.typeSymbol().parameterList();
            for (ClassDesc argument : arguments.reversed()) {
                if (TypeKind.from(argument).slotSize() == 2) {
                    code.pop2();
                } else {
                    code.pop();
                }
            }
            if (call.opcode() != Opcode.INVOKESTATIC) {
                code.pop();
            }
        }
    };

    private static final Map<Opcode, Opcode> OPPOSITE =
            Map.ofEntries(
                    Map.entry(Opcode.IFEQ, Opcode.IFNE),
                    Map.entry(Opcode.IFNE, Opcode.IFEQ),
                    Map.entry(Opcode.IFLT, Opcode.IFGE),
                    Map.entry(Opcode.IFGE, Opcode.IFLT),
                    Map.entry(Opcode.IFGT, Opcode.IFLE),
                    Map.entry(Opcode.IFLE, Opcode.IFGT),
                    Map.entry(Opcode.IF_ICMPEQ, Opcode.IF_ICMPNE),
                    Map.entry(Opcode.IF_ICMPNE, Opcode.IF_ICMPEQ),
                    Map.entry(Opcode.IF_ICMPLT, Opcode.IF_ICMPGE),
                    Map.entry(Opcode.IF_ICMPGE, Opcode.IF_ICMPLT),
                    Map.entry(Opcode.IF_ICMPGT, Opcode.IF_ICMPLE),
                    Map.entry(Opcode.IF_ICMPLE, Opcode.IF_ICMPGT),
                    Map.entry(Opcode.IF_ACMPEQ, Opcode.IF_ACMPNE),
                    Map.entry(Opcode.IF_ACMPNE, Opcode.IF_ACMPEQ),
                    Map.entry(Opcode.IFNULL, Opcode.IFNONNULL),
                    Map.entry(Opcode.IFNONNULL, Opcode.IFNULL),
                    Map.entry(Opcode.IADD, Opcode.ISUB),
                    Map.entry(Opcode.ISUB, Opcode.IADD),
                    Map.entry(Opcode.IMUL, Opcode.IDIV),
                    Map.entry(Opcode.IDIV, Opcode.IMUL),
                    Map.entry(Opcode.ISHL, Opcode.IUSHR),
                    Map.entry(Opcode.IUSHR, Opcode.ISHL),
                    Map.entry(Opcode.ISHR, Opcode.ISHL),
                    Map.entry(Opcode.LADD, Opcode.LSUB),
                    Map.entry(Opcode.LSUB, Opcode.LADD));

    private final String text;

    Mutation(String text) {
        this.text = text;
    }

    /** Whether there is such an instruction here to get wrong. */
    abstract boolean fits(Instruction instruction);

    /** Writes the wrong instruction; the stack is as after the right one. */
    abstract void write(CodeBuilder code, Instruction instruction);

    /** Those that fit an element of a method's code. */
    static List<Mutation> of(CodeElement element) {
        List<Mutation> fitting = new ArrayList<>();
        if (element instanceof Instruction instruction) {
            for (Mutation mutation : values()) {
                if (mutation.fits(instruction)) {
                    fitting.add(mutation);
                }
            }
        }
        return fitting;
    }

    private static Opcode opposite(Instruction instruction) {
        return Objects.requireNonNull(OPPOSITE.get(instruction.opcode()));
    }

    private static boolean isInt(Instruction instruction) {
        return instruction instanceof ConstantInstruction constant
                && constant.constantValue() instanceof Integer;
    }

    private static void writeChanged(CodeBuilder code, Instruction instruction, int by) {
        switch (instruction) {
            case ConstantInstruction constant ->
                    code.loadConstant((int) (Integer) constant.constantValue() + by);
            case IncrementInstruction increment ->
                    code.iinc(increment.slot(), increment.constant() + by);
            default -> throw new AssertionError(instruction);
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
