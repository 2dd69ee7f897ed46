"""Adam whose update of a weight is one operation.

Keras writes it as some ten, each of which goes through memory once. Measured on 2 cores, the 48
million weights of a Transformer of 6 + 6 layers, 512 wide: 0.223 s of processor time an update
with Keras's, 0.073 s with this.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="seq2seq")
class Adam(keras.optimizers.Adam):
    """Kingma and Ba (2015), as `keras.optimizers.Adam` has it."""

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or variable.dtype != tf.float32:
            return super().update_step(gradient, variable, learning_rate)
        update = tf.cast(self.iterations + 1, tf.float32)
        place = self._get_variable_index(variable)
        return tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=self.beta_1**update,
            beta2_power=self.beta_2**update,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def _update_model_variables_moving_average(self, trainable_variables):
        share = tf.where(self.iterations == 0, 1.0, 1.0 - self.ema_momentum)
        for variable, average in zip(trainable_variables, self._model_variables_moving_average):
            tf.raw_ops.ResourceApplyGradientDescent(
                var=average.value.handle, alpha=share, delta=average.value - variable.value
            )


@keras.saving.register_keras_serializable(package="seq2seq")
class AdamW(Adam, keras.optimizers.AdamW):
    """Loshchilov and Hutter (2019), as `keras.optimizers.AdamW` has it."""
